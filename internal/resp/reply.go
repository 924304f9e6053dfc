// Package resp speaks RESP2, the protocol of Redis and Valkey
// (https://redis.io/docs/latest/develop/reference/protocol-spec/), as far as
// scripts need it that answer with a number. It must not know what a script does.
//
// A reply that is malformed, too large or too late, not the only one, or that to another
// request, ends its connection.
package resp

import (
	"bufio"
	"errors"
	"strconv"
)

// maxLine bounds a line, in bytes. All that a script of ours answers, and all that
// the server says to it, is one line.
const maxLine = 1024

// reply is what a server answers.
type reply struct {
	kind byte // '+' for a simple text, '-' for an error
	text string
}

// errProtocol is what all answers have in common that are none of these.
var errProtocol = errors.New("the answer is none that was asked for")

// readReply reads one reply.
func readReply(r *bufio.Reader) (*reply, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if line == "" || line[0] != '+' && line[0] != '-' {
		return nil, errProtocol
	}
	return &reply{kind: line[0], text: line[1:]}, nil
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

// request writes a command as a list of texts, each with its length before it, so
// that nothing in them can be taken for another command.
func request(args []string) []byte {
	b := []byte("*" + strconv.Itoa(len(args)) + "\r\n")
	for _, arg := range args {
		b = append(b, "$"+strconv.Itoa(len(arg))+"\r\n"+arg+"\r\n"...)
	}
	return b
}
