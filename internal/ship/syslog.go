package ship

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/words"
)

const (
	severityWarning       = 4
	severityInformational = 6

	// maxDatagramRecord bounds a record over UDP, in bytes: a datagram carries
	// 65,507, of which the header of the message needs some.
	maxDatagramRecord = 60_000

	// How long to look whether the peer has closed the connection, before there
	// is something to write, and after it was written.
	lookBefore = 20 * time.Millisecond
	lookAfter  = 50 * time.Millisecond

	syslogTime = "2006-01-02T15:04:05.000000Z"
)

// facilities are the codes of RFC 5424, section 6.2.1, by their usual names.
var facilities = map[string]int{
	"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11,
	"ntp": 12, "audit": 13, "alert": 14, "clock": 15,
	"local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// syslogPorts are the ports of RFC 5426, of syslog over TCP as IANA lists it, and
// of RFC 5425.
var syslogPorts = map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}

var hostname = regexp.MustCompile(`^[!-~]+$`)

// completeSyslog checks what is particular to syslog.
func completeSyslog(t *Target, wrong func(option, text string)) {
	t.Facility = words.OrDefault(t.Facility, "local0")
	if _, known := facilities[t.Facility]; !known {
		wrong("facility", "must be one of RFC 5424, such as local0, auth or daemon")
	}
	u, err := url.Parse(t.URL)
	switch {
	case t.URL == "":
		wrong("url", "is required")
	case err != nil || syslogPorts[u.Scheme] == "":
		wrong("url", "must begin with udp://, tcp:// or tls://")
	case u.Hostname() == "" || u.Opaque != "":
		wrong("url", "must be a whole URL, such as tls://logs.example.com:6514")
	case u.User != nil || u.Path != "" && u.Path != "/" || strings.ContainsAny(t.URL, "?#"):
		wrong("url", "can't have anything but a host and a port")
	default:
		t.URL = u.Scheme + "://" + net.JoinHostPort(u.Hostname(), words.OrDefault(u.Port(), syslogPorts[u.Scheme]))
	}
}

// prepareSyslog writes down what all messages have in common.
func prepareSyslog(s *Sender) {
	facility := facilities[s.target.Facility]
	s.prefix[0] = "<" + strconv.Itoa(facility*8+severityInformational) + ">1 "
	s.prefix[1] = "<" + strconv.Itoa(facility*8+severityWarning) + ">1 "
	host := s.target.Host
	if len(host) > 255 || !hostname.MatchString(host) {
		host = "-"
	}
	s.suffix = " " + host + " hookward " + strconv.Itoa(os.Getpid()) + " audit - "
}

// message writes a record as RFC 5424 has it. There is no BOM before the record,
// though it is UTF-8: what reads JSON would stumble over it.
func message(s *Sender, e *entry) []byte {
	head := s.prefix[0]
	if e.denied {
		head = s.prefix[1]
	}
	if e.at.IsZero() {
		head += "-"
	} else {
		head += e.at.Format(syslogTime)
	}
	return append([]byte(head+s.suffix), e.record...)
}

// sendSyslog writes messages to a syslog server. Nobody acknowledges them: what
// is written counts as taken, and may be lost where the server or the network
// fails at that moment, over UDP always. Where writing fails, it is not known
// what has arrived, and all of the batch is to be sent again.
func sendSyslog(s *Sender, entries []*entry) outbox.Outcome {
	if s.conn != nil && closedByPeer(s.conn, lookBefore) != nil {
		hangUp(s)
	}
	if s.conn == nil {
		problem := dialSyslog(s)
		if problem != "" {
			return later(entries, problem)
		}
	}
	if strings.HasPrefix(s.target.URL, "udp:") {
		return sendDatagrams(s, entries)
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(s.target.Timeout))
	if err == nil {
		_, err = s.conn.Write(framed(s, entries))
	}
	return settle(s, entries, err)
}

// sendDatagrams writes one datagram for each record.
func sendDatagrams(s *Sender, entries []*entry) outbox.Outcome {
	fitting := make([]*entry, 0, len(entries))
	refused := [][]byte{}
	err := s.conn.SetWriteDeadline(time.Now().Add(s.target.Timeout))
	for _, e := range entries {
		if len(e.record) > maxDatagramRecord {
			refused = append(refused, e.record)
			continue
		}
		fitting = append(fitting, e)
		if err == nil {
			_, err = s.conn.Write(message(s, e))
		}
	}
	return withRefused(refused, " of more than "+strconv.Itoa(maxDatagramRecord)+" bytes can't be sent over UDP", settle(s, fitting, err))
}

// framed writes messages with the length of each before it, as RFC 5425 and RFC
// 6587 have it.
func framed(s *Sender, entries []*entry) []byte {
	var body bytes.Buffer
	for _, e := range entries {
		text := message(s, e)
		body.WriteString(strconv.Itoa(len(text)) + " ")
		body.Write(text)
	}
	return body.Bytes()
}

// settle returns what has become of messages that were written. A peer that has
// read them all may close the connection as it likes. One that has not, or wants
// another certificate, or where nobody listens, shows in an error that comes
// back a moment later.
func settle(s *Sender, entries []*entry, err error) outbox.Outcome {
	ended := false
	if err == nil {
		err = closedByPeer(s.conn, lookAfter)
		ended = errors.Is(err, io.EOF)
	}
	if err == nil {
		return outbox.Outcome{}
	}
	hangUp(s)
	if ended {
		return outbox.Outcome{}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return later(entries, s.shown+" did not take the records within "+s.target.Timeout.String())
	}
	return later(entries, s.shown+" "+failure(s.ctx, err, s.target.Timeout))
}

// closedByPeer returns io.EOF if the peer has closed a connection, another error
// if it is broken, and nil if it seems to be well. It drops what the
// peer sends. A deadline that is over already would keep Read from looking at all.
func closedByPeer(conn net.Conn, wait time.Duration) error {
	err := conn.SetReadDeadline(time.Now().Add(wait))
	if err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1024))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}

// dialSyslog connects, or returns what is wrong.
func dialSyslog(s *Sender) string {
	ctx, cancel := context.WithTimeout(s.ctx, s.target.Timeout)
	defer cancel()
	scheme, address, _ := strings.Cut(s.target.URL, "://")
	var conn net.Conn
	var err error
	if scheme == "tls" {
		dialer := tls.Dialer{Config: s.target.TLS}
		conn, err = dialer.DialContext(ctx, "tcp", address)
	} else {
		dialer := net.Dialer{}
		conn, err = dialer.DialContext(ctx, scheme, address)
	}
	if err != nil {
		return s.shown + " " + failure(ctx, err, s.target.Timeout)
	}
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	if s.ctx.Err() != nil { // Close may have looked before
		hangUp(s)
		return s.shown + " " + failure(s.ctx, s.ctx.Err(), s.target.Timeout)
	}
	return ""
}

func hangUp(s *Sender) {
	s.mu.Lock()
	_ = s.conn.Close()
	s.conn = nil
	s.mu.Unlock()
}
