package resp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

type connection struct {
	conn     net.Conn
	reader   *bufio.Reader
	endpoint int
	used     time.Time
}

// exchange sends one command and reads its reply, within the timeouts. After an
// error the connection is of no use: what comes next on it belongs to this
// request.
func exchange(c *Client, conn *connection, command []string) (*reply, error) {
	now := time.Now()
	err := conn.conn.SetDeadline(now.Add(c.options.WriteTimeout + c.options.ReadTimeout))
	if err != nil {
		return nil, err
	}
	_, err = conn.conn.Write(request(command))
	if err != nil {
		return nil, plain(err)
	}
	err = conn.conn.SetReadDeadline(time.Now().Add(c.options.ReadTimeout))
	if err != nil {
		return nil, err
	}
	answer, err := readReply(conn.reader)
	if err != nil {
		return nil, plain(err)
	}
	if conn.reader.Buffered() > 0 {
		return nil, errProtocol // more than was asked for
	}
	return answer, nil
}

// dial connects.
func dial(c *Client, endpoint int) (*connection, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.options.DialTimeout)
	defer cancel()
	address := c.options.Endpoints[endpoint]
	var conn net.Conn
	var err error
	if c.options.TLS != nil {
		dialer := tls.Dialer{Config: c.options.TLS}
		conn, err = dialer.DialContext(ctx, "tcp", address)
	} else {
		dialer := net.Dialer{}
		conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return nil, errors.New(address + " can't be reached: " + plain(err).Error())
	}
	made := &connection{conn: conn, reader: bufio.NewReaderSize(conn, maxLine+2), endpoint: endpoint}
	err = introduce(c, made)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return made, nil
}

// introduce says who calls, and finds out whether the server is of a cluster.
func introduce(c *Client, conn *connection) error {
	for _, command := range greetings(c.options) {
		answer, err := exchange(c, conn, command)
		if err != nil {
			return err
		}
		if answer.kind != '+' {
			return errors.New("it answers " + shown(answer.text) + " to " + command[0])
		}
	}
	answer, err := exchange(c, conn, []string{"INFO", "cluster"})
	if err == nil && answer.kind == '*' && strings.Contains(strings.Join(answer.texts, ""), "cluster_enabled:1") {
		return errCluster
	}
	return err
}

// errCluster is for a node of a Redis Cluster, of which each has only a part of the keys: what
// works today with one node fails at random once there are two.
var errCluster = errors.New("redis.endpoints names a node of a Redis Cluster, which is not supported: name one primary, and its replicas if there are any, with cluster-enabled no")

// isOfCluster says whether only a node of a cluster answers so.
var isOfCluster = map[string]bool{"MOVED": true, "ASK": true, "CROSSSLOT": true, "CLUSTERDOWN": true, "TRYAGAIN": true}

// refusal is the error of an answer that is one.
func refusal(text string) error {
	word := shown(text)
	if isOfCluster[word] {
		return fmt.Errorf("%w; it answers %s", errCluster, word)
	}
	return errors.New("it answers " + word)
}

// greetings are the commands that a connection begins with.
func greetings(o Options) [][]string {
	commands := [][]string{}
	if o.Password != "" && o.Username != "" {
		commands = append(commands, []string{"AUTH", o.Username, o.Password})
	} else if o.Password != "" {
		commands = append(commands, []string{"AUTH", o.Password})
	}
	if o.DB != 0 {
		commands = append(commands, []string{"SELECT", strconv.Itoa(o.DB)})
	}
	return commands
}

// plain returns an error without the port of this side, which is another one each
// time.
func plain(err error) error {
	var operation *net.OpError
	if errors.As(err, &operation) {
		if operation.Timeout() {
			return errors.New("no answer in time")
		}
		if operation.Op == "dial" {
			return operation.Err
		}
		return fmt.Errorf("%w: %s", errReset, operation.Err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}

// shown is the first word of an error that the server gives, which says what kind
// it is. The rest may have anything in it.
func shown(text string) string {
	word, _, _ := strings.Cut(text, " ")
	for _, r := range word {
		if r < 'A' || r > 'Z' {
			return "an error"
		}
	}
	if word == "" || len(word) > 32 {
		return "an error"
	}
	return word
}
