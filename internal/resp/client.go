package resp

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how to reach a server. All are required but Username, Password, DB
// and TLS.
type Options struct {
	Endpoints    []string // HOST:PORT; one is used until it fails, then the next
	Username     string
	Password     string
	DB           int
	TLS          *tls.Config
	DialTimeout  time.Duration // of connecting, with TLS and authentication
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	PoolSize     int    // connections at once
	Without      string // what is without the server, for the operator
}

// Client keeps connections to a server, and away from one that is not well.
type Client struct {
	options Options
	tell    func(level, message string, now time.Time)
	slots   chan bool // one for each connection that may be in use
	spare   chan bool // one for each of these that strangers may use
	serial  uint64    // of the last question; atomic

	mu       sync.Mutex
	idle     []*connection
	endpoint int       // the one in use
	failures int       // in a row
	failed   int64     // all failures
	closed   time.Time // until when nobody tries
	waiting  int       // who want a connection, or have one
	aside    int       // how many of these are strangers
	probing  bool      // whether somebody tries whether it is well again
	ended    bool

	turnedAway      time.Time // when it was last told that somebody was
	strangersTurned time.Time
}

// maxIdle is how long an idle connection is believed to be there still.
const maxIdle = time.Minute

// NewClient returns a client, which connects when it is first used. What it has to
// say of the server's health goes to tell.
func NewClient(o Options, tell func(level, message string, now time.Time)) *Client {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // which never fails: crypto/rand says so
	return &Client{
		options: o, tell: tell, serial: binary.BigEndian.Uint64(b),
		slots: make(chan bool, o.PoolSize), spare: make(chan bool, (o.PoolSize+3)/4),
	}
}

// Script is a Lua script, and the digest that the server knows it by.
type Script struct {
	text   string
	digest string
}

// NewScript returns a script, which answers with a number. The answer repeats the
// question's serial, so that it can't be taken for that to another question.
func NewScript(text string) *Script {
	text = "local function number()\n" + text + "\nend\nreturn {ok = ARGV[#ARGV] .. ' ' .. string.format('%d', number())}"
	sum := sha1.Sum([]byte(text))
	return &Script{text: text, digest: hex.EncodeToString(sum[:])}
}

// NewTexts returns a script, which answers with a list of texts.
func NewTexts(text string) *Script {
	text = "local function texts()\n" + text + "\nend\nlocal found = texts()\ntable.insert(found, 1, ARGV[#ARGV])\nreturn found"
	sum := sha1.Sum([]byte(text))
	return &Script{text: text, digest: hex.EncodeToString(sum[:])}
}

// RunTexts is Run for a script of NewTexts.
func RunTexts(c *Client, s *Script, key string, args []string) ([]string, error) {
	answer, err := run(c, false, s, key, args)
	return answer.texts, err
}

// Run runs a script on one key, and returns the number that it answers with. It
// returns an error where the server can't be reached, is too slow, or answers
// anything else: what it has done then is not known, but with ErrDown and ErrBusy. A
// script may run twice.
func Run(c *Client, s *Script, key string, args []string) (int64, error) {
	answer, err := run(c, false, s, key, args)
	return answer.number, err
}

// RunAside is Run for what any stranger can cause. A quarter of the connections is
// there for it, so that the others are there for who has been verified.
func RunAside(c *Client, s *Script, key string, args []string) (int64, error) {
	answer, err := run(c, true, s, key, args)
	return answer.number, err
}

// noAnswer stands where there is an error.
var noAnswer = &reply{}

// run runs a script, as a stranger's where it is aside, once it may be tried.
func run(c *Client, aside bool, s *Script, key string, args []string) (*reply, error) {
	refused := enter(c, aside, time.Now())
	if refused != nil {
		return noAnswer, refused
	}
	if aside {
		c.spare <- true
		defer func() { <-c.spare }()
	}
	c.slots <- true
	defer func() { <-c.slots }()
	if !goOn(c, aside) {
		return noAnswer, ErrDown
	}
	var answer *reply
	err := errProtocol // where what follows panics
	defer func() { leave(c, aside, err, time.Now()) }()
	answer, err = runOnce(c, s, key, args)
	if err != nil {
		return noAnswer, err
	}
	return answer, nil
}

// runOnce uses a connection of the pool. One that the server has closed in the
// meantime, as they do with what is idle, is no failure; nor is one on which an
// answer was waiting that nobody had asked for.
func runOnce(c *Client, s *Script, key string, args []string) (*reply, error) {
	conn := idle(c)
	if conn != nil {
		answer, err := ask(c, conn, s, key, args)
		if err == nil {
			return answer, nil
		}
		if err == errProtocol {
			c.tell("error", "redis: an answer comes out of turn; its connection is closed", time.Now())
		} else if !isClosed(err) {
			turnFrom(c, conn.endpoint)
			return nil, err
		}
	}
	conn, err := connect(c)
	if err != nil {
		return nil, err
	}
	answer, err := ask(c, conn, s, key, args)
	if err != nil {
		turnFrom(c, conn.endpoint)
	}
	return answer, err
}

// connect makes a connection to the endpoint in use, or leaves that for the next.
func connect(c *Client) (*connection, error) {
	c.mu.Lock()
	endpoint := c.endpoint
	c.mu.Unlock()
	conn, err := dial(c, endpoint)
	if err != nil {
		turnFrom(c, endpoint)
	}
	return conn, err
}

// isClosed says whether a connection was closed before anything came back.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, errReset)
}

// errReset is any failure of a connection that is not a matter of time.
var errReset = errors.New("the connection broke off")

// ask runs a script on a connection, which goes back to the pool after it.
func ask(c *Client, conn *connection, s *Script, key string, args []string) (*reply, error) {
	answer, err := askWith(c, conn, append([]string{"EVALSHA", s.digest, "1", key}, args...))
	if err == errNoScript {
		answer, err = askWith(c, conn, append([]string{"EVAL", s.text, "1", key}, args...))
	}
	if err != nil {
		// A server that refuses is no better for the next one.
		_ = conn.conn.Close()
		return nil, err
	}
	put(c, conn)
	return answer, nil
}

// errNoScript is what a server says that does not know a script yet.
var errNoScript = errors.New("it answers NOSCRIPT")

// askWith sends one question, and takes no answer but that to this very one.
func askWith(c *Client, conn *connection, command []string) (*reply, error) {
	serial := strconv.FormatUint(atomic.AddUint64(&c.serial, 1), 36)
	answer, err := exchange(c, conn, append(command, serial))
	if err != nil {
		return nil, err
	}
	if answer.kind == '-' && strings.HasPrefix(answer.text, "NOSCRIPT") {
		return nil, errNoScript
	}
	if answer.kind == '-' {
		return nil, refusal(answer.text)
	}
	if answer.kind == '*' {
		if len(answer.texts) == 0 || answer.texts[0] != serial {
			return nil, errProtocol
		}
		answer.texts = answer.texts[1:]
		return answer, nil
	}
	if !strings.HasPrefix(answer.text, serial+" ") {
		return nil, errProtocol
	}
	answer.number, err = strconv.ParseInt(answer.text[len(serial)+1:], 10, 64)
	if err != nil {
		return nil, errProtocol
	}
	return answer, nil
}

// idle returns a connection of the pool, or nil.
func idle(c *Client) *connection {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle) > 0 {
		conn := c.idle[len(c.idle)-1]
		c.idle = c.idle[:len(c.idle)-1]
		if conn.endpoint == c.endpoint && now.Sub(conn.used) < maxIdle {
			return conn
		}
		_ = conn.conn.Close()
	}
	return nil
}

func put(c *Client, conn *connection) {
	conn.used = time.Now()
	c.mu.Lock()
	keep := !c.ended && conn.endpoint == c.endpoint
	if keep {
		c.idle = append(c.idle, conn)
	}
	c.mu.Unlock()
	if !keep {
		_ = conn.conn.Close()
	}
}

// closeIdle closes all connections that nobody uses, with the client's lock held.
func closeIdle(c *Client) {
	for _, conn := range c.idle {
		_ = conn.conn.Close()
	}
	c.idle = nil
}

// Close ends a client.
func Close(c *Client) {
	c.mu.Lock()
	c.ended = true
	closeIdle(c)
	c.mu.Unlock()
}
