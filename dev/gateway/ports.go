package gateway

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// The system gives connections, and listeners that ask for any port, one of its ephemeral
// range. So what is handed out lies below: between the handing out and the server's start,
// and while the server is being restarted, nothing else takes it.
const (
	firstPort     = 10000
	portsInBlock  = 100
	ephemeralFile = "/proc/sys/net/ipv4/ip_local_port_range"
	usualLimit    = 32768 // Linux's first ephemeral port; others begin later
)

// ports are a block of portsInBlock, of which another process hands out none as long as this
// one listens on the first.
var ports struct {
	sync.Mutex
	held []net.Listener // of every block that this process has had
	next int            // of the last block, up to its end
	end  int
}

// FreeAddresses returns addresses with a free port for each that ends in :0. No other process
// that calls it gets the same one before this process ends.
func FreeAddresses(wanted ...string) ([]string, error) {
	found := make([]string, len(wanted))
	for i, address := range wanted {
		var err error
		if found[i], err = freeAddress(address); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func freeAddress(wanted string) (string, error) {
	host, port, err := net.SplitHostPort(wanted)
	if err != nil {
		return "", err
	}
	if port != "0" {
		return wanted, isFree(wanted)
	}
	ports.Lock()
	defer ports.Unlock()
	for {
		if ports.next == ports.end {
			if err := takeBlock(); err != nil {
				return "", err
			}
		}
		address := net.JoinHostPort(host, strconv.Itoa(ports.next))
		ports.next++
		if err := isFree(address); !errors.Is(err, syscall.EADDRINUSE) {
			return address, err
		}
	}
}

// takeBlock takes a block that no process has.
func takeBlock() error {
	count := (limit() - firstPort) / portsInBlock
	for _, n := range rand.Perm(count) {
		first := firstPort + n*portsInBlock
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", first))
		if err != nil {
			continue
		}
		ports.held = append(ports.held, listener)
		ports.next, ports.end = first+1, first+portsInBlock
		return nil
	}
	return errors.New("no ports are left for servers of tests")
}

// limit returns the first port that is not for handing out.
func limit() int {
	var first, last int
	text, err := os.ReadFile(ephemeralFile)
	if err != nil {
		return usualLimit
	}
	if _, err := fmt.Sscan(string(text), &first, &last); err != nil || first < firstPort+10*portsInBlock {
		return usualLimit // the range leaves no room
	}
	return first
}

// isFree says whether an address can be listened on.
func isFree(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}
