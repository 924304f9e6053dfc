// Package resp speaks RESP2, the protocol of Redis and Valkey
// (https://redis.io/docs/latest/develop/reference/protocol-spec/), as far as a
// few scripts need it. It trusts the server with nothing: a reply that is
// malformed, too large or too late ends its connection, so that no reply is ever
// taken for that to another request.
package resp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

const (
	maxLine  = 1024     // bytes of a line without its end
	maxBulk  = 64 << 10 // bytes of a text
	maxArray = 64       // elements
)

// Reply is what a server answers.
type Reply struct {
	// Kind is '+' for a simple text, '-' for an error, ':' for a number, '$' for
	// a text, '*' for a list of numbers, and '_' for nothing.
	Kind    byte
	Text    string
	Number  int64
	Numbers []int64
}

// errProtocol is what all replies have in common that are none.
var errProtocol = errors.New("the answer is not the protocol of Redis")

// readReply reads one reply.
func readReply(r *bufio.Reader) (*Reply, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if line == "" {
		return nil, errProtocol
	}
	reply := &Reply{Kind: line[0], Text: line[1:]}
	switch reply.Kind {
	case '+', '-':
		return reply, nil
	case ':':
		reply.Number, err = strconv.ParseInt(reply.Text, 10, 64)
		if err != nil {
			return nil, errProtocol
		}
		return reply, nil
	case '$', '*':
		return readSized(r, reply)
	}
	return nil, errProtocol
}

// readLine returns a line without its end, which is CR LF.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", errProtocol
	}
	if err != nil {
		return "", err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' || len(line) > maxLine+2 {
		return "", errProtocol
	}
	return string(line[:len(line)-2]), nil
}

// readSize reads the size that a reply begins with: -1 stands for nothing.
func readSize(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 || n > most || text[0] == '+' || text == "-0" {
		return 0, errProtocol
	}
	return n, nil
}

// readSized reads what follows the size that a reply begins with.
func readSized(r *bufio.Reader, reply *Reply) (*Reply, error) {
	most := maxBulk
	if reply.Kind == '*' {
		most = maxArray
	}
	n, err := readSize(reply.Text, most)
	if err != nil {
		return nil, err
	}
	reply.Text = ""
	if n < 0 {
		reply.Kind = '_'
		return reply, nil
	}
	if reply.Kind == '$' {
		reply.Text, err = readText(r, n)
	} else {
		reply.Numbers, err = readNumbers(r, n)
	}
	if err != nil {
		return nil, err
	}
	return reply, nil
}

func readText(r *bufio.Reader, n int) (string, error) {
	b := make([]byte, n+2)
	_, err := io.ReadFull(r, b)
	if err != nil {
		return "", err
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return "", errProtocol
	}
	return string(b[:n]), nil
}

// readNumbers reads a list of numbers: no script of ours answers with another one.
func readNumbers(r *bufio.Reader, n int) ([]int64, error) {
	numbers := []int64{}
	for i := 0; i < n; i++ {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" || line[0] != ':' {
			return nil, errProtocol
		}
		number, err := strconv.ParseInt(line[1:], 10, 64)
		if err != nil {
			return nil, errProtocol
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// request writes a command as a list of texts, each with its length before it, so
// that nothing in them can be taken for another command.
func request(args []string) []byte {
	b := []byte("*" + strconv.Itoa(len(args)) + "\r\n")
	for _, arg := range args {
		b = append(b, "$"+strconv.Itoa(len(arg))+"\r\n"+arg+"\r\n"...)
	}
	return b
}
