// Package resp speaks RESP2, the protocol of Redis and Valkey
// (https://redis.io/docs/latest/develop/reference/protocol-spec/), as far as
// scripts need it that answer with a number or with texts. It must not know what a script
// does.
//
// A reply that is malformed, too large or too late, not the only one, or that to another
// request, ends its connection.
package resp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

const (
	// maxLine bounds a line, in bytes.
	maxLine = 1024
	// maxTexts bounds how many texts an answer has, and maxText each of them, in bytes.
	maxTexts = 10_000
	maxText  = 256 << 20
)

// reply is what a server answers.
type reply struct {
	kind   byte // '+' for a simple text, '-' for an error, '*' for texts
	text   string
	number int64    // that the text is, to a script that answers with one
	texts  []string // without lists in the list
}

// errProtocol is what all answers have in common that are none of these.
var errProtocol = errors.New("the answer is none that was asked for")

// readReply reads one reply.
func readReply(r *bufio.Reader) (*reply, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if line == "" {
		return nil, errProtocol
	}
	switch line[0] {
	case '+', '-':
		return &reply{kind: line[0], text: line[1:]}, nil
	case '$':
		text, err := readText(r, line)
		return &reply{kind: '*', texts: []string{text}}, err
	case '*':
		return readTexts(r, line)
	}
	return nil, errProtocol
}

// readTexts reads a list of texts, whose first line is read.
func readTexts(r *bufio.Reader, line string) (*reply, error) {
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > maxTexts {
		return nil, errProtocol
	}
	texts := make([]string, 0, n)
	for len(texts) < n {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		text, err := readText(r, line)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return &reply{kind: '*', texts: texts}, nil
}

// readText reads a text, whose first line has its length.
func readText(r *bufio.Reader, line string) (string, error) {
	if line == "" || line[0] != '$' {
		return "", errProtocol
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > maxText {
		return "", errProtocol
	}
	b := make([]byte, n+2)
	_, err = io.ReadFull(r, b)
	if err != nil {
		return "", err
	}
	if b[n] != '\r' || b[n+1] != '\n' {
		return "", errProtocol
	}
	return string(b[:n]), nil
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
