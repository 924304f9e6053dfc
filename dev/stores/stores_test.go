package stores

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

func TestMain(m *testing.M) {
	if os.Getenv("STORES_TEST_CHILD") == "" {
		if err := Build(context.Background(), os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// post sends a body and returns the answer's status and text.
func post(t testing.TB, url, contentType, body string, headers ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestVictoriaLogs(t *testing.T) {
	l := VictoriaLogs(t)
	u := strings.Replace(l.Elasticsearch, "?", "/_bulk?", 1)
	status, text := post(t, u, "application/x-ndjson",
		`{"create":{"_index":"i","_id":"a-1"}}`+"\n"+`{"@timestamp":"2001-02-03T04:05:06.789Z","event.id":"a-1","event.sequence":17,"message":"by bulk"}`+"\n")
	if status != http.StatusOK || !strings.Contains(text, `"errors":false`) {
		t.Errorf("bulk: %d %s", status, text)
	}
	if status, text := post(t, l.Loki+"/loki/api/v1/push", "application/json", `{"streams":[{"stream":{"service_name":"x"},"values":[["981173106789000000","by Loki's"]]}]}`); status/100 != 2 {
		t.Errorf("loki: %d %s", status, text)
	}
	if status, text := post(t, l.Lines, "application/x-ndjson", `{"@timestamp":"2026-02-03T04:05:06.789Z","message":"by lines"}`+"\n"); status/100 != 2 {
		t.Errorf("lines: %d %s", status, text)
	}
	found := l.Wait(t, `"event.id":="a-1"`, 1)
	if len(found) != 1 || found[0]["_msg"] != "by bulk" || found[0]["_time"] != "2001-02-03T04:05:06.789Z" || found[0]["event.sequence"] != "17" {
		t.Errorf("%v", found)
	}
	if found := l.Query(t, `"event.id":="a-2"`); len(found) != 0 {
		t.Errorf("%v", found)
	}
	l.Stop()
	if answers(l.URL + "/health")() {
		t.Error("it answers after Stop")
	}
	l.Start(t)
	texts := map[any]bool{}
	for _, record := range l.Wait(t, "*", 3) {
		texts[record["_msg"]] = true
	}
	if len(texts) != 3 || !texts["by bulk"] || !texts["by Loki's"] || !texts["by lines"] {
		t.Errorf("after a restart: %v", texts)
	}
}

func TestCollector(t *testing.T) {
	c := Collector(t)
	if records := c.Records(t); len(records) != 0 {
		t.Errorf("%v", records)
	}
	status, text := post(t, c.URL+"/v1/logs", "application/json", `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},"scopeLogs":[{"logRecords":[
		{"timeUnixNano":"981173106789000000","severityNumber":13,"severityText":"WARN","body":{"stringValue":"hello"},"attributes":[
			{"key":"text","value":{"stringValue":"a"}},{"key":"whole","value":{"intValue":"17"}},{"key":"part","value":{"doubleValue":1.5}},{"key":"yes","value":{"boolValue":true}},
			{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"b"},{"intValue":"2"}]}}},{"key":"map","value":{"kvlistValue":{"values":[{"key":"c","value":{"stringValue":"d"}}]}}}]},
		{"body":{"stringValue":"again"}}]}]}]}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	records := c.Wait(t, 2)
	if len(records) != 2 || records[0].Resource["service.name"] != "x" || records[0].Log["timeUnixNano"] != "981173106789000000" || records[0].Log["severityNumber"] != 13.0 ||
		fmt.Sprint(records[1].Log["body"]) != "map[stringValue:again]" {
		t.Fatalf("%v", records)
	}
	if got := fmt.Sprintf("%#v", records[0].Attributes); got != `map[string]interface {}{"list":[]interface {}{"b", 2}, "map":map[string]interface {}{"c":"d"}, "part":1.5, "text":"a", "whole":17, "yes":true}` {
		t.Error(got)
	}
	if status, _ := post(t, c.URL+"/v1/logs", "application/json", `{"resourceLogs":17}`); status != http.StatusBadRequest {
		t.Errorf("no logs: %d", status)
	}
	c.Stop()
	c.Start(t)
	if len(c.Records(t)) != 2 {
		t.Error("a restart has lost records")
	}
}

func TestRsyslog(t *testing.T) {
	s := Rsyslog(t, false)
	if s.TLS != "" || s.Authority != nil {
		t.Error("TLS without being asked")
	}
	long := strings.Repeat("long ", 12_000)
	for _, network := range []string{"udp", "tcp"} {
		connection, err := net.Dial(network, map[string]string{"udp": s.UDP, "tcp": s.TCP}[network])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"<134>1 2026-02-03T04:05:06.789Z h hookward 17 audit - {\"by\":\"" + network + "\"}", "<132>1 - - - - - - " + long} {
			if network == "tcp" {
				text = fmt.Sprintf("%d %s", len(text), text)
			}
			if _, err := io.WriteString(connection, text); err != nil {
				t.Fatal(err)
			}
		}
		_ = connection.Close()
	}
	byTransport := map[string][]Message{}
	for _, m := range s.Wait(t, 4) {
		byTransport[m.Transport] = append(byTransport[m.Transport], m)
	}
	for network, transport := range map[string]string{"udp": "imudp", "tcp": "imptcp"} {
		want := Message{Priority: 134, Time: "2026-02-03T04:05:06.789Z", Host: "h", App: "hookward", Process: "17", ID: "audit", Data: "-", Text: `{"by":"` + network + `"}`, Transport: transport}
		got := byTransport[transport]
		if len(got) != 2 || got[0] != want || got[1].Priority != 132 || got[1].Text != long {
			t.Errorf("%s: %.200v", network, got)
		}
	}
	lines := s.Lines(t)
	if len(lines) != 4 || !strings.Contains(strings.Join(lines, "\n"), "<134>1 2026-02-03T04:05:06.789Z h hookward 17 audit - {\"by\":\"udp\"}\n") {
		t.Errorf("%.200q", lines)
	}
}

func TestRsyslogTLS(t *testing.T) {
	s := Rsyslog(t, true)
	pem, err := os.ReadFile(s.Authority.File)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	own := s.Authority.Issue(t, "client")
	pair, err := tls.LoadX509KeyPair(own.File, own.Key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(address, text string, config *tls.Config) error {
		connection, err := tls.Dial("tcp", address, config)
		if err != nil {
			return err
		}
		defer func() { _ = connection.Close() }()
		_, err = fmt.Fprintf(connection, "%d %s", len(text), text)
		return err
	}
	var name x509.HostnameError
	if err := write(s.OtherName, "", &tls.Config{RootCAs: pool}); !errors.As(err, &name) {
		t.Errorf("another name: %v", err)
	}
	var authority x509.UnknownAuthorityError
	if err := write(s.TLS, "", &tls.Config{}); !errors.As(err, &authority) {
		t.Errorf("another authority: %v", err)
	}
	// A client learns of it only when it reads: with TLS 1.3 it may write before.
	connection, err := tls.Dial("tcp", s.ClientTLS, &tls.Config{RootCAs: pool})
	if err == nil {
		_, _ = io.WriteString(connection, "40 <134>1 - h a 1 m - without a certificate")
		_ = connection.SetReadDeadline(time.Now().Add(patience))
		_, err = connection.Read(make([]byte, 1))
		_ = connection.Close()
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("no certificate: %v", err)
	}
	for text, err := range map[string]error{
		"by TLS":             write(s.TLS, "<134>1 - h a 1 m - by TLS", &tls.Config{RootCAs: pool}),
		"with a certificate": write(s.ClientTLS, "<134>1 - h a 1 m - with a certificate", &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}),
	} {
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	texts := map[string]bool{}
	for _, m := range s.Wait(t, 2) {
		texts[m.Text] = m.Transport == "imtcp"
	}
	if len(texts) != 2 || !texts["by TLS"] || !texts["with a certificate"] {
		t.Errorf("%v", texts)
	}
}

// A test binary that is killed takes its stores along.
func TestKilledBinary(t *testing.T) {
	if os.Getenv("STORES_TEST_CHILD") != "" {
		fmt.Println("child", Rsyslog(t, false).command.Process.Pid)
		time.Sleep(patience)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestKilledBinary$")
	// Its files go with this test.
	command.Env = append(os.Environ(), "STORES_TEST_CHILD=1", "TMPDIR="+t.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	var pid int
	if _, scan := fmt.Sscanf(line, "child %d", &pid); err != nil || scan != nil {
		t.Fatalf("%q %v", line, err)
	}
	if !runs(pid) {
		t.Error("rsyslog does not run")
	}
	_ = command.Process.Kill()
	_ = command.Wait()
	testkit.Await(t, "rsyslog has ended with the test binary", func() bool { return !runs(pid) })
}

func runs(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !bytes.Contains(status, []byte("State:\tZ"))
}
