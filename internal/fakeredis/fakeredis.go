// Package fakeredis is, for tests, a server that knows the scripts of the package lease,
// and loses or delays what a test says. To any other script it answers with zero, or with
// the texts that a test says.
package fakeredis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What becomes of a command.
const (
	Answered   = iota
	Unanswered // it is done, and the answer is lost
	Lost       // it is not done
	Late       // it is done when the test says so; the answer is lost
)

// Server is a server.
type Server struct {
	// Address is where it listens.
	Address string

	mu     sync.Mutex
	fate   func(kind string) int
	values map[string]string
	ends   map[string]time.Time
	asked  []string   // the kinds
	late   [][]string // commands
	kinds  map[string]string
	texts  func(kind string, args []string) []string
}

// Start starts a server. The kind of a command is what stands in the first line of its
// script, behind two dashes.
func Start(fate func(kind string) int) (*Server, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := &Server{Address: listener.Addr().String(), fate: fate, values: map[string]string{}, ends: map[string]time.Time{}, kinds: map[string]string{}}
	go accept(s, listener)
	return s, func() { _ = listener.Close() }, nil
}

func accept(s *Server, listener net.Listener) {
	defer func() { _ = recover() }()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go converse(s, conn)
	}
}

func converse(s *Server, conn net.Conn) {
	defer func() { _ = recover() }()
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		command, err := ReadCommand(r)
		if err != nil {
			return
		}
		answer := obey(s, command)
		if answer != "" {
			_, err = io.WriteString(conn, answer)
		}
		if err != nil {
			return
		}
	}
}

// ReadCommand reads a command as clients send it: its name and its arguments.
func ReadCommand(r *bufio.Reader) ([]string, error) {
	n := 0
	if _, err := fmt.Fscanf(r, "*%d\r\n", &n); err != nil {
		return nil, err
	}
	args := []string{}
	for i := 0; i < n; i++ {
		size := 0
		if _, err := fmt.Fscanf(r, "$%d\r\n", &size); err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, err
		}
		args = append(args, string(b[:size]))
	}
	return args, nil
}

// obey returns the answer to a command, or nothing.
func obey(s *Server, command []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if command[0] == "EVALSHA" {
		return "-NOSCRIPT\r\n"
	}
	if command[0] != "EVAL" {
		return "-NOPERM\r\n"
	}
	kind := "another"
	_, text, found := strings.Cut(command[1], "-- ")
	if found {
		kind, _, _ = strings.Cut(text, "\n")
	}
	s.asked = append(s.asked, kind)
	fate := s.fate(kind)
	if fate == Late {
		s.late = append(s.late, append([]string{kind}, command...))
	}
	if fate == Late || fate == Lost {
		return ""
	}
	if s.texts != nil {
		texts := s.texts(kind, command[4:len(command)-1])
		if fate == Unanswered {
			return ""
		}
		return list(append([]string{command[len(command)-1]}, texts...))
	}
	number := do(s, kind, command[3], command[4:])
	if fate == Unanswered {
		return ""
	}
	return "+" + command[len(command)-1] + " " + strconv.Itoa(number) + "\r\n"
}

// list writes texts as a server does.
func list(texts []string) string {
	b := &strings.Builder{}
	_, _ = fmt.Fprintf(b, "*%d\r\n", len(texts))
	for _, text := range texts {
		_, _ = fmt.Fprintf(b, "$%d\r\n%s\r\n", len(text), text)
	}
	return b.String()
}

// SetTexts has each script answered with texts.
func SetTexts(s *Server, texts func(kind string, args []string) []string) {
	s.mu.Lock()
	s.texts = texts
	s.mu.Unlock()
}

// do does what a script of the package lease does.
func do(s *Server, kind, key string, args []string) int {
	value := s.values[key]
	if !s.ends[key].After(time.Now()) {
		value = ""
	}
	owner, number, _ := strings.Cut(value, ":")
	stored, _ := strconv.Atoi(number)
	switch kind {
	case "claim":
		offered, _ := strconv.Atoi(args[1])
		if value == "done" {
			return 2
		}
		if value == "stored" {
			return 3
		}
		if value != "" && owner != args[0] {
			return 1
		}
		if value == "" || stored <= offered {
			set(s, key, args[0]+":"+args[1], args[2])
		}
	case "renew":
		if value == args[0]+":"+args[1] {
			set(s, key, value, args[2])
			return 1
		}
	case "commit":
		set(s, key, "done", args[0])
		return 1
	case "release":
		ended, _ := strconv.Atoi(args[1])
		if owner == args[0] && stored <= ended {
			delete(s.values, key)
		}
		return 1
	}
	return 0
}

func set(s *Server, key, value, milliseconds string) {
	life, _ := strconv.Atoi(milliseconds)
	s.values[key] = value
	s.ends[key] = time.Now().Add(time.Duration(life) * time.Millisecond)
}

// SetFate changes what becomes of commands.
func SetFate(s *Server, fate func(kind string) int) {
	s.mu.Lock()
	s.fate = fate
	s.mu.Unlock()
}

// DoLate does what was to be done late.
func DoLate(s *Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, command := range s.late {
		do(s, command[0], command[4], command[5:])
	}
	s.late = nil
}

// Asked returns the kinds of the commands that have come.
func Asked(s *Server) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, " ")
}

// Value returns what stands by a key, and for how long still.
func Value(s *Server, key string) (string, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := time.Until(s.ends[key])
	if left <= 0 {
		return "", 0
	}
	return s.values[key], left
}
