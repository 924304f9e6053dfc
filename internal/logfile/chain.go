package logfile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"regexp"
	"time"

	"github.com/hookward/hookward/internal/words"
)

// sealBytes is how much longer a line gets.
const sealBytes = len(`,"hookward.chain":""`) + valueBytes

const (
	chainField = `"hookward.chain":"`
	valueBytes = 64 // in hexadecimal
	halfBytes  = valueBytes / 2
)

// Start stands in the place of the previous value where there is none: it says that
// the chain begins here.
const Start = "0000000000000000000000000000000000000000000000000000000000000000"

// NewMAC returns what Seal computes with.
func NewMAC(key []byte) hash.Hash {
	return hmac.New(sha256.New, key)
}

// seal returns the value that stands in a line's last field, hookward.chain, in
// hexadecimal: 16 bytes of the line's own, and 16 that link it to the line before.
//
//	own  = HMAC-SHA256(key, "hookward.chain.line.1\n" + line)[:16]
//	link = HMAC-SHA256(key, "hookward.chain.link.1\n" + previous + own)[:16]
//
// Line is the JSON object without that field and without the newline, previous is
// the value of the line before as it stands there, or Start, and own is written in
// hexadecimal in the second one. There are two, so that a line that was changed can
// be told from one that was removed, and so that the first line of the oldest file
// that was kept is checked as well.
func seal(mac hash.Hash, previous string, line []byte) string {
	own := Own(mac, line)
	return own + Link(mac, previous, own)
}

// Own returns the first half of a line's value, which depends on no other line.
func Own(mac hash.Hash, line []byte) string {
	return half(mac, "hookward.chain.line.1\n", line)
}

// Link returns the second half of the value of a line of which the first half is own.
func Link(mac hash.Hash, previous, own string) string {
	return half(mac, "hookward.chain.link.1\n", []byte(previous+own))
}

func half(mac hash.Hash, purpose string, text []byte) string {
	mac.Reset()
	_, _ = mac.Write([]byte(purpose))
	_, _ = mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)[:halfBytes/2])
}

var hexValue = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Unseal splits a line, without its newline, into what it was before and its value,
// which is empty where the line has none.
func Unseal(line []byte) ([]byte, string) {
	at := len(line) - len(chainField) - valueBytes - len(`"}`)
	if at < 1 || line[0] != '{' || !bytes.HasPrefix(line[at:], []byte(chainField)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return line, ""
	}
	value := string(line[at+len(chainField) : len(line)-len(`"}`)])
	if !hexValue.MatchString(value) {
		return line, ""
	}
	if at == 1 {
		return []byte("{}"), value
	}
	if at == 2 || line[at-1] != ',' {
		return line, ""
	}
	plain := append([]byte{}, line[:at-1]...)
	return append(plain, '}'), value
}

// valueOf returns the value of the last of several lines, each with its newline.
func valueOf(lines []byte) string {
	_, value := Unseal(lastOf(lines))
	return value
}

// lastOf returns the last of several lines, without its newline.
func lastOf(lines []byte) []byte {
	lines = bytes.TrimSuffix(lines, newline)
	return lines[bytes.LastIndexByte(lines, '\n')+1:]
}

// sealLines returns lines with their values, and goes on with the chain.
func sealLines(f *File, lines []byte) []byte {
	sealed := make([]byte, 0, len(lines)+sealBytes*bytes.Count(lines, newline))
	for len(lines) > 0 {
		end := after(lines, 1)
		line := bytes.TrimSuffix(lines[:end], newline)
		lines = lines[end:]
		if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' {
			// There is no field to put into what is no object.
			sealed = append(append(sealed, line...), '\n')
			continue
		}
		f.last = seal(f.mac, f.last, line)
		sealed = append(sealed, line[:len(line)-1]...)
		if len(line) > 2 {
			sealed = append(sealed, ',')
		}
		sealed = append(sealed, chainField+f.last+"\"}\n"...)
	}
	return sealed
}

// resume finds the value that the next line is to be linked to, given the end of the
// file that was opened. It returns false where the file has lines that are not of
// this chain, which then begins anew.
func resume(f *File, tail []byte, now time.Time) bool {
	f.mac = nil
	if len(f.options.ChainKey) == 0 {
		return true
	}
	f.mac = NewMAC(f.options.ChainKey)
	if len(tail) == 0 {
		if f.last == "" {
			f.last = valueOfOld(f)
		}
		return true
	}
	f.last = linkable(f, lastOf(tail))
	if f.last != "" {
		return true
	}
	f.last = Start
	f.tell("warn", "file "+f.options.Path+" does not end with a line that chainKey fits; the chain begins anew, in a file of its own", now)
	return false
}

// linkable returns the value of a line, or an empty one where the key doesn't fit.
func linkable(f *File, line []byte) string {
	plain, value := Unseal(line)
	if value == "" || !hmac.Equal([]byte(value[:halfBytes]), []byte(Own(f.mac, plain))) {
		return ""
	}
	return value
}

// maxEmpty is how many old files are passed over that are empty: one is left where
// the process ended between its being named and its being filled.
const maxEmpty = 3

// valueOfOld returns the value of the last line of the newest old file.
func valueOfOld(f *File) string {
	names, _ := Old(f.real)
	for i := len(names) - 1; i >= 0 && i >= len(names)-maxEmpty; i-- {
		tail, err := tailOfOld(names[i])
		if err != nil {
			return Start
		}
		if len(tail) == 0 {
			continue
		}
		return words.OrDefault(linkable(f, lastOf(tail)), Start)
	}
	return Start
}
