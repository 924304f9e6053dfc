package stores

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// Syslog is a running rsyslog.
type Syslog struct {
	*Process
	// UDP and TCP are addresses.
	UDP, TCP string
	// TLS is an address whose certificate is for 127.0.0.1, OtherName one whose
	// certificate is for another host, and ClientTLS one that wants a certificate
	// from the client too. All are from Authority. Empty without TLS.
	TLS, OtherName, ClientTLS string
	Authority                 *Authority

	directory string
}

// Message is a message as rsyslog has understood it.
type Message struct {
	Priority  int    `json:"pri,string"` // facility * 8 + severity
	Time      string `json:"time"`
	Host      string `json:"host"`
	App       string `json:"app"`
	Process   string `json:"process"`
	ID        string `json:"id"`
	Data      string `json:"data"`      // structured data, "-" for none
	Text      string `json:"text"`      // MSG
	Transport string `json:"transport"` // imudp, imptcp or imtcp, which is TLS
}

// The listeners have a rule set of their own, so that rsyslog's words about
// itself aren't among the messages. imptcp is for plain TCP alone; imtcp takes
// TLS, one certificate for each listener. jsonf escapes what JSON wants escaped.
const rsyslogConfig = `global(workDirectory=%[1]q maxMessageSize="1m" parser.escapeControlCharactersOnReceive="off"%[4]s)
module(load="imudp")
module(load="imptcp")
template(name="raw" type="string" string="%%rawmsg%%\n")
template(name="parsed" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="process" name="procid" format="jsonf")
  property(outname="id" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
  property(outname="transport" name="inputname" format="jsonf")
}
ruleset(name="audit") {
  action(type="omfile" file="%[1]s/raw" template="raw")
  action(type="omfile" file="%[1]s/parsed" template="parsed")
}
input(type="imudp" address="127.0.0.1" port=%[2]q ruleset="audit")
input(type="imptcp" address="127.0.0.1" port=%[3]q ruleset="audit")
%[5]saction(type="omfile" file="%[1]s/own")
`

const rsyslogTLS = `input(type="imtcp" address="127.0.0.1" port=%q ruleset="audit" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode=%q
  streamDriver.caFile=%q streamDriver.certFile=%q streamDriver.keyFile=%q)
`

// Rsyslog runs Debian's rsyslog, which must be installed, and for TLS its driver
// for GnuTLS (make tools).
func Rsyslog(t testing.TB, tls bool) *Syslog {
	t.Helper()
	path, err := exec.LookPath("rsyslogd")
	if err != nil {
		path = "/usr/sbin/rsyslogd"
	}
	addresses := testkit.Addresses(t, 4)
	s := &Syslog{UDP: addresses[0], TCP: addresses[0], directory: t.TempDir()}
	global, inputs := "", ""
	if tls {
		s.TLS, s.OtherName, s.ClientTLS = addresses[1], addresses[2], addresses[3]
		s.Authority = NewAuthority(t, t.TempDir())
		good, other := s.Authority.Issue(t, "server"), s.Authority.Issue(t, "other", "other.example")
		// The driver wants a default, although each listener has its own.
		global = fmt.Sprintf(" defaultNetstreamDriverCAFile=%q", s.Authority.File)
		inputs = "module(load=\"imtcp\")\n"
		for _, listener := range []struct {
			address, clients string
			certificate      Certificate
		}{{s.TLS, "anon", good}, {s.OtherName, "anon", other}, {s.ClientTLS, "x509/certvalid", good}} {
			inputs += fmt.Sprintf(rsyslogTLS, port(listener.address), listener.clients, s.Authority.File, listener.certificate.File, listener.certificate.Key)
		}
	}
	config := filepath.Join(s.directory, "rsyslog.conf")
	text := fmt.Sprintf(rsyslogConfig, s.directory, port(s.UDP), port(s.TCP), global, inputs)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	listens := func() bool {
		if tls && !(bound("tcp", s.TLS) && bound("tcp", s.OtherName) && bound("tcp", s.ClientTLS)) {
			return false
		}
		return bound("udp", s.UDP) && bound("tcp", s.TCP)
	}
	s.Process = newProcess(t, listens, path, "-n", "-f", config, "-i", filepath.Join(s.directory, "pid"))
	return s
}

// Lines returns the messages that have come so far, as they came, without their
// octet counts. One that has a line end in it is two lines here.
func (s *Syslog) Lines(t testing.TB) []string {
	t.Helper()
	lines := []string{}
	for _, line := range s.read(t, "raw") {
		lines = append(lines, string(line))
	}
	return lines
}

// Messages returns the messages that have come so far, as rsyslog has understood
// them.
func (s *Syslog) Messages(t testing.TB) []Message {
	t.Helper()
	messages := []Message{}
	for _, line := range s.read(t, "parsed") {
		m := Message{}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		messages = append(messages, m)
	}
	return messages
}

// Wait is Messages, repeated until there is a number of them.
func (s *Syslog) Wait(t testing.TB, count int) []Message {
	t.Helper()
	var messages []Message
	testkit.Await(t, "rsyslog has "+strconv.Itoa(count)+" messages", func() bool {
		messages = s.Messages(t)
		return len(messages) >= count
	})
	return messages
}

func (s *Syslog) read(t testing.TB, name string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.directory, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return completeLines(content)
}
