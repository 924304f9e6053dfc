package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// TestProfile sees that profiles are read, that Yaegi is found in one form's, and that
// the other's is that of another Traefik.
func TestProfile(t *testing.T) {
	o := Quick()
	o.Time = time.Second
	all := Profiles{}
	for form, size := range map[gateway.Form]int{gateway.Interpreted: 1 << 10, gateway.Compiled: 64 << 10} {
		raw := filepath.Join(t.TempDir(), "cpu.pb.gz")
		p, err := RunProfile(t.Context(), o, form, size, raw, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if p.Requests == 0 || p.Nanoseconds["plugin"] == 0 || p.Nanoseconds["traefik"] == 0 || (p.Nanoseconds["interpreter"] == 0) != (form == gateway.Compiled) {
			t.Errorf("the profile of what is %s is %v", form, p)
		}
		if _, err := os.Stat(raw); err != nil {
			t.Error(err)
		}
		all[form] = p
	}
	file := filepath.Join(t.TempDir(), "profile.json")
	if err := all.Write(file); err != nil {
		t.Fatal(err)
	}
	if again, err := ReadProfiles(file); err != nil || again.text() != all.text() || !strings.Contains(all.text(), " % ") {
		t.Errorf("the profiles are not what was written: %v\n%s", err, all.text())
	}
	if _, err := RunProfile(t.Context(), o, gateway.Compiled, 32<<20, "", io.Discard); err == nil {
		t.Error("a profile of refusals")
	}
}

func TestKindOf(t *testing.T) {
	const interp, proxy, serve = "github.com/traefik/yaegi/interp.call.func9", "net/http/httputil.(*ReverseProxy).ServeHTTP", "net/http.(*conn).serve"
	for _, c := range []struct {
		kind  string
		stack string // innermost first
	}{
		{"interpreter", "runtime.mapaccess1 " + interp + " " + serve},
		{"interpreter", "reflect.Value.Call " + interp},
		{"memory", "runtime.nextFreeFast runtime.mallocgc reflect.New " + interp + " " + serve},
		{"plugin", "crypto/internal/fips140/sha256.blockSHANI crypto/sha256.Sum256 reflect.Value.Call " + interp},
		{"plugin", "runtime.mallocgc encoding/json.Marshal reflect.Value.Call " + interp},
		{"plugin", "runtime.mallocgc github.com/hookward/hookward.(*gate).ServeHTTP " + serve},
		{"traefik", "syscall.write " + proxy + " github.com/hookward/hookward.(*gate).ServeHTTP " + serve},
		{"traefik", "internal/runtime/syscall.Syscall6 syscall.write " + proxy + " " + interp + " " + serve},
		{"traefik", "runtime.mallocgc net/textproto.readMIMEHeader " + serve},
		{"interpreter", interp + " net/http.(*response).Write " + proxy + " " + interp + " " + serve},
		{"collection", "runtime.scanobject runtime.gcBgMarkWorker runtime.systemstack"},
		{"collection", "runtime.gcDrainN runtime.gcAssistAlloc runtime.mallocgc " + interp},
		{"scheduler", "runtime.futex runtime.findRunnable runtime.schedule runtime.mcall"},
	} {
		if kind := kindOf(strings.Fields(c.stack)); kind != c.kind {
			t.Errorf("%s: %s, want %s", c.stack, kind, c.kind)
		}
	}
}
