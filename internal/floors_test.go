package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/hookward/hookward"

// floors are all packages from the ground up: each imports only what is on floors below
// its own. A name that ends in "..." is a whole command, whose parts may import each other.
var floors = []struct {
	knows    string
	packages string
}{
	{"what one thing is, and nothing of webhooks", "internal/await internal/backoff internal/bans internal/bucket internal/budget internal/errand internal/exposition internal/fakeredis internal/ipset internal/jsonpath internal/plainfile internal/providers internal/redact internal/report internal/resp internal/retry internal/sqs internal/strictjson internal/structured internal/traefik internal/vectorfile internal/verdict internal/words"},
	{"options, headers, answers, files and documents as such", "internal/config internal/fetch internal/header internal/intake internal/jwk internal/logfile internal/reply internal/wal"},
	{"what is read of a request and of secrets, and what must outlive the process", "internal/ahead internal/claim internal/clientip internal/introspect internal/iplist internal/lease internal/message internal/outbox internal/secrets internal/store internal/waltest"},
	{"what is verified, who else is asked, and where records go", "internal/clientcertificate internal/cluster internal/delivery internal/keyset internal/redisstore internal/reissue internal/ship internal/signature internal/sns internal/tokens"},
	{"what providers ask, and what is recorded", "internal/audit internal/handshakes internal/jwt internal/messagesignature"},
	{"what all options come to together, and what tests are made of", "internal/deadletter internal/hooktest internal/metrics internal/policy"},
	{"what is remembered by one policy for the next", "internal/memory"},
	{"who hands on what is not to be lost, and who asks for the numbers of all that", "internal/courier internal/scrape"},
	{"who shows them to people", "internal/console"},
	{"which middlewares there are, and what each has in force", "internal/gates"},
	{"the gate, which Traefik loads with all that is below; and what a gate would make of a configuration", ". internal/inspect"},
	{"what people use: nothing that Traefik loads imports it", "explain signer"},
	{"the command", "cmd/hookward/..."},
}

// What two packages need belongs on a floor below both.
func TestFloors(t *testing.T) {
	floorOf := map[string]int{}
	for i, floor := range floors {
		for _, name := range strings.Fields(floor.packages) {
			floorOf[name] = i
		}
	}
	listed := packages(t)
	for name := range floorOf {
		if listed[name] == nil {
			t.Errorf("%s stands in the table, and there is no such package", name)
		}
	}
	for name, imports := range listed {
		floor, known := floorOf[name]
		if !known {
			t.Errorf("%s stands on no floor: put it into the table, on the lowest floor that is above all that it imports", name)
			continue
		}
		for _, other := range imports {
			if floorOf[other] < floor || other == name && strings.HasSuffix(name, "...") {
				continue
			}
			where := "above it"
			if floorOf[other] == floor {
				where = "beside it"
			}
			t.Errorf("%s imports %s, which stands %s (%q): what both need belongs on a floor below %s, or is passed as an argument", name, other, where, floors[floorOf[other]].knows, name)
		}
	}
}

// packages returns what each package of the module imports of the others, by their
// names in the table.
func packages(t *testing.T) map[string][]string {
	command := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "./...")
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		one := struct {
			ImportPath string
			Imports    []string
			GoFiles    []string
		}{}
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if one.GoFiles == nil {
			continue // tests alone
		}
		name := nameOf(one.ImportPath)
		for _, path := range one.Imports {
			if path == module || strings.HasPrefix(path, module+"/") {
				found[name] = append(found[name], nameOf(path))
			}
		}
		if found[name] == nil {
			found[name] = []string{}
		}
	}
}

// nameOf returns a package's name in the table.
func nameOf(path string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	if name == "" {
		return "."
	}
	if strings.HasPrefix(name, "cmd/hookward") {
		return "cmd/hookward/..."
	}
	return name
}
