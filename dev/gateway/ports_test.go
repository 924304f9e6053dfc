package gateway

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// However many ask, each has a port of its own, which no connection is given, and on which a
// server listens at once.
func TestFreeAddresses(t *testing.T) {
	if wanted := os.Getenv("PORTS_TEST_CHILD"); wanted != "" {
		found, err := FreeAddresses(strings.Fields(wanted)...)
		fmt.Println("ports", found, err)
		_, _ = os.Stdin.Read(make([]byte, 1)) // as long as the parent is at it
		return
	}
	wanted := slices.Repeat([]string{"127.0.0.1:0"}, 2*portsInBlock)
	all := map[string]bool{}
	add := func(found []string) {
		t.Helper()
		for _, address := range found {
			_, text, _ := net.SplitHostPort(address)
			if port, err := strconv.Atoi(text); err != nil || port <= firstPort || port >= limit() || all[text] {
				t.Errorf("%s is no port for a server, or another's", address)
			}
			all[text] = true
		}
	}
	for range 3 {
		found, err := FreeAddresses(wanted...)
		if err != nil {
			t.Fatal(err)
		}
		add(found)
		listener, err := net.Listen("tcp", found[0])
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		if _, err := FreeAddresses(found[0]); err == nil {
			t.Errorf("%s is free, although somebody listens", found[0])
		}
	}
	for range 5 {
		command := exec.Command(os.Args[0], "-test.run=^TestFreeAddresses$")
		command.Env = append(os.Environ(), "PORTS_TEST_CHILD="+strings.Join(wanted, " "))
		input, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = input.Close(), command.Wait() }()
		line, err := bufio.NewReader(output).ReadString('\n')
		text, ok := strings.CutPrefix(line, "ports [")
		addresses, problem, _ := strings.Cut(text, "] ")
		if err != nil || !ok || problem != "<nil>\n" {
			t.Fatalf("%q, %v", line, err)
		}
		add(strings.Fields(addresses))
	}
	if len(all) != 8*len(wanted) {
		t.Errorf("%d ports", len(all))
	}
}

// An address that this machine does not have is no reason to try every port.
func TestForeignAddress(t *testing.T) {
	if found, err := FreeAddresses("192.0.2.1:0"); err == nil {
		t.Errorf("%v", found)
	}
}
