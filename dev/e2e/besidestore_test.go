package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// besides is two Traefiks that share a Redis, each with a disk beside it.
type besides struct {
	*sharing
	t      *testing.T
	server *stores.RedisServer
	state  [2]string
}

func beside(t *testing.T, arguments ...string) *besides {
	b := &besides{t: t, server: stores.Redis(t, arguments...), state: [2]string{t.TempDir(), t.TempDir()}}
	more := [2]string{}
	for i, state := range b.state {
		more[i] = ", stateDirectory: " + state
	}
	b.sharing = shareWith(t, b.server.Address, more)
	return b
}

// takes sends deliveries to both Traefiks, in both modes: each is stored, and so is known
// when its sender repeats it there.
func (b *besides) takes(what string) []string {
	b.t.Helper()
	bodies := []string{}
	for i := range 8 {
		gate, mode := i%2, []string{"sync", "accept"}[i/2%2]
		body := fmt.Sprintf("delivery %d to %s while %s", i, mode, what)
		for _, when := range []string{"at first", "again"} {
			if status := b.send(b.t, gate, mode, body); status != http.StatusAccepted {
				b.t.Errorf("%s, %s: %d", body, when, status)
			}
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func (b *besides) onDisk() int { return waitingFiles(b.state[0]) + waitingFiles(b.state[1]) }

// number returns a number of a Traefik's, or -1 where it is not there.
func (b *besides) number(gate int, series string) float64 {
	b.t.Helper()
	r, _ := http.NewRequest(http.MethodGet, b.gates[gate].URL+"/metrics", nil)
	r.Header.Set("Authorization", "Bearer "+scrapeToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return -1
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	value := -1.0
	for _, line := range strings.Split(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, series+" "); found {
			_, _ = fmt.Sscan(rest, &value)
		}
	}
	return value
}

// What Redis can't store waits on the disk, whatever is wrong with Redis and whoever is
// killed meanwhile, and arrives from there, be Redis back or not. Where Redis has stored it
// all the same, it arrives once.
func TestBesideStore(t *testing.T) {
	b := beside(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
	b.down.Store(true)
	b.keeps(t, 0, "sync", "at first")
	b.keeps(t, 1, "accept", "at first, too")
	if n := b.onDisk(); n != 0 {
		t.Fatalf("%d are on disk, and Redis is well", n)
	}
	b.server.Kill()
	dead := b.takes("it is killed")
	if n := b.onDisk(); n != len(dead) {
		t.Errorf("%d of %d are on disk", n, len(dead))
	}
	b.said(t, 0, "redis does not store a delivery, so it waits on the disk of this machine: ")
	await(t, "the numbers say so", func() bool {
		return b.number(0, `hookward_deliveries_beside_redis{gate="sync@file",state="waiting"}`) == 2
	})
	out, status := runCommand(t, commandBinary(t), []string{"STORE_KEY=" + storeKey}, "deliveries", "list", "--directory", b.state[0], "--encryption-key", "env:STORE_KEY")
	if status != 0 || strings.Count(out, "waiting") < 4 {
		t.Errorf("%d %s", status, out)
	}

	b.gates[0].Kill()
	b.start[0]()
	for i := 0; i < 8; i += 2 {
		mode := []string{"sync", "accept"}[i/2%2]
		await(t, "the next process knows what is on the disk", func() bool {
			return b.number(0, `hookward_deliveries_beside_redis{gate="`+mode+`@file",state="waiting"}`) == 2
		})
		if status := b.send(t, 0, mode, dead[i]); status != http.StatusAccepted {
			t.Errorf("%s, after a kill: %d", dead[i], status)
		}
	}
	b.down.Store(false)
	await(t, "what is on the disk arrives without Redis", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, body := range dead {
			if b.taken[body] == 0 {
				return false
			}
		}
		return true
	})

	b.down.Store(true)
	b.takes("nobody is there")
	b.server.Start(t)
	b.keeps(t, 0, "sync", "after a restart")
	b.server.Signal(t, syscall.SIGSTOP)
	b.takes("it stands still")
	b.server.Signal(t, syscall.SIGCONT)
	b.keeps(t, 1, "accept", "after a pause")
	b.server.Do(t, "EVAL", "for i=1,100000 do if not pcall(redis.call,'SET','fill'..i,string.rep('x',1000)) then return i end end", "0")
	b.takes("it is full")
	b.server.Do(t, "EVAL", "for i=1,100000 do redis.call('DEL','fill'..i) end", "0")
	b.server.Do(t, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	b.said(t, 1, "the store in redis is not used: maxmemory-policy is allkeys-lru")
	b.takes("it deletes")
	b.server.Do(t, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	b.keeps(t, 1, "sync", "in the end")
	b.down.Store(false)
	b.arrive(t, 1)
	await(t, "nothing is left on the disks and in Redis", func() bool {
		return b.onDisk() == 0 && b.server.Do(t, "EVAL", "return #redis.call('KEYS', 'hookward:store:*b:*')", "0") == "0"
	})
	await(t, "the other Traefik knows what has arrived from a disk", func() bool { return b.send(t, 1, "sync", "delivery 0 to sync while it is full") == http.StatusOK })
	b.arrive(t, 1)
}

// A Redis Cluster is refused, be it one node with all slots, where everything would work until
// there is a second one.
func TestBesideCluster(t *testing.T) {
	_, bus, _ := strings.Cut(testkit.Addresses(t, 1)[0], ":")
	b := beside(t, "--cluster-enabled", "yes", "--cluster-port", bus)
	b.server.Do(t, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	await(t, "the cluster is well", func() bool { return strings.Contains(b.server.Do(t, "CLUSTER", "INFO"), "cluster_state:ok") })
	b.down.Store(true)
	b.takes("it is a cluster")
	if n := b.onDisk(); n != 8 {
		t.Errorf("%d of 8 are on disk", n)
	}
	for gate := range b.gates {
		for _, without := range []string{"deliveries wait on the disk of this machine meanwhile", "limits and replays are this Traefik's alone meanwhile"} {
			b.said(t, gate, "redis: redis.endpoints names a node of a Redis Cluster, which is not supported: name one primary, and its replicas if there are any, with cluster-enabled no; ", without)
		}
	}
	b.down.Store(false)
	b.arrive(t, 1)
	if got := b.server.Do(t, "DBSIZE"); got != "0" {
		t.Errorf("%s keys stand in the cluster", got)
	}
}
