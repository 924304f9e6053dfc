package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A file is a line, and two blocks: what is known of the delivery, and its body. The line
// says how long they are, and how they are kept:
//
//	hookward-delivery 1 plain - ID 512 1024
//	hookward-delivery 1 aes-256-gcm KEY ID 512 1024
//
// In clear, four bytes of CRC-32C over the line and the block stand behind each. Encrypted,
// a nonce of twelve bytes stands before each and the tag behind, and the line and the
// block's name are associated data: no block can be put into another file.
const (
	magic     = "hookward-delivery"
	version   = "1"
	plain     = "plain"
	encrypted = "aes-256-gcm"
	nonceLen  = 12
	tagLen    = 16
	sumLen    = 4
)

// What may be wrong with a file. They are words of records and of lists.
const (
	Undecodable   = "undecodable"   // it is damaged, or not ours
	Unencryptable = "unencryptable" // the key that it was encrypted with is not there
	Newer         = "newer"         // a later version has written it; it is left alone
	Unreadable    = "unreadable"    // the disk does not give it; it may do so later
	Gone          = "gone"          // there is no such file any more
)

const (
	// maxHead bounds the block that says what is known of a delivery.
	maxHead = 16 << 20
	maxBody = 1 << 31
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errNoID = errors.New("the delivery has no id of ours")

// encode returns the content of a delivery's file, encrypted where there is a key.
func encode(d *Delivery, key *Key) ([]byte, error) {
	if !isID.MatchString(d.ID) {
		return nil, errNoID
	}
	head := encodeHead(d)
	how := plain
	extra := sumLen
	id := "-"
	if key != nil {
		how = encrypted
		extra = nonceLen + tagLen
		id = key.ID
	}
	line := fmt.Sprintf("%s %s %s %s %s %d %d\n", magic, version, how, id, d.ID, len(head), len(d.Body))
	content := make([]byte, 0, len(line)+len(head)+len(d.Body)+2*extra)
	content = append(content, line...)
	if key == nil {
		content = addSum(content, line, head)
		return addSum(content, line, d.Body), nil
	}
	nonces := make([]byte, 2*nonceLen)
	_, err := rand.Read(nonces)
	if err != nil {
		return nil, err
	}
	content = append(content, nonces[:nonceLen]...)
	content = key.aead.Seal(content, nonces[:nonceLen], head, []byte(line+"head"))
	content = append(content, nonces[nonceLen:]...)
	return key.aead.Seal(content, nonces[nonceLen:], d.Body, []byte(line+"body")), nil
}

func addSum(content []byte, line string, block []byte) []byte {
	content = append(content, block...)
	return append(content, sumOf(line, block)...)
}

func sumOf(line string, block []byte) []byte {
	sum := crc32.Update(crc32.Checksum([]byte(line), castagnoli), castagnoli, block)
	b := make([]byte, sumLen)
	binary.BigEndian.PutUint32(b, sum)
	return b
}

// layout is what a file's line says.
type layout struct {
	line  string
	keyID string // "-" where it is in clear
	id    string
	head  int // lengths, without what stands around them
	body  int
	extra int // around each block
}

// readLine reads the line of a file, and says what is wrong with it.
func readLine(content []byte) (layout, string) {
	nothing := layout{}
	end := bytes.IndexByte(content, '\n')
	if end < 0 {
		return nothing, Undecodable
	}
	line := string(content[:end+1])
	words := strings.Split(line[:end], " ")
	if words[0] != magic || len(words) < 2 {
		return nothing, Undecodable
	}
	if words[1] != version {
		number, err := strconv.Atoi(words[1])
		if err == nil && number > 1 && strconv.Itoa(number) == words[1] {
			return nothing, Newer
		}
		return nothing, Undecodable
	}
	if len(words) != 7 {
		return nothing, Undecodable
	}
	l := layout{line: line, keyID: words[3], id: words[4], head: lengthOf(words[5], maxHead), body: lengthOf(words[6], maxBody)}
	switch words[2] {
	case plain:
		l.extra = sumLen
	case encrypted:
		l.extra = nonceLen + tagLen
	}
	if l.extra == 0 || l.head < 0 || l.body < 0 || !isID.MatchString(l.id) || (words[2] == plain) != (l.keyID == "-") {
		return nothing, Undecodable
	}
	return l, ""
}

func lengthOf(text string, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most || strconv.Itoa(n) != text {
		return -1
	}
	return n
}

// sizeOf returns how long the whole file is.
func sizeOf(l layout) int64 {
	return int64(len(l.line)) + int64(l.head) + int64(l.body) + 2*int64(l.extra)
}

// decodeHeadOf returns the delivery of a file without its body, of which content has the
// beginning; or what is wrong with it.
func decodeHeadOf(content []byte, l layout, keys []*Key) (*Delivery, string) {
	from := len(l.line)
	to := from + l.head + l.extra
	if len(content) < to {
		return nil, Undecodable
	}
	head, problem := openBlock(content[from:to], l, "head", keys)
	if problem != "" {
		return nil, problem
	}
	d := decodeHead(head)
	if d == nil {
		return nil, Undecodable
	}
	d.ID = l.id
	return d, ""
}

// decode returns the delivery that a file has, whole; or what is wrong with it.
func decode(content []byte, keys []*Key) (*Delivery, string) {
	l, problem := readLine(content)
	if problem != "" {
		return nil, problem
	}
	if int64(len(content)) != sizeOf(l) {
		return nil, Undecodable
	}
	d, problem := decodeHeadOf(content, l, keys)
	if problem != "" {
		return nil, problem
	}
	body, problem := openBlock(content[len(l.line)+l.head+l.extra:], l, "body", keys)
	if problem != "" {
		return nil, problem
	}
	d.Body = body
	return d, ""
}

// openBlock returns what a block has, or what is wrong with it.
func openBlock(block []byte, l layout, name string, keys []*Key) ([]byte, string) {
	if l.keyID == "-" {
		content := block[:len(block)-sumLen]
		if !bytes.Equal(sumOf(l.line, content), block[len(content):]) {
			return nil, Undecodable
		}
		return content, ""
	}
	for _, k := range keys {
		if k.ID != l.keyID {
			continue
		}
		content, err := k.aead.Open(nil, block[:nonceLen], block[nonceLen:], []byte(l.line+name))
		if err != nil {
			return nil, Undecodable
		}
		return content, ""
	}
	return nil, Unencryptable
}
