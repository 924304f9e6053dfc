package store

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzDecode: whatever is in a file, reading it ends, and what it gives is written and
// read again as the same. Its texts are what a server could have let in.
func FuzzDecode(f *testing.F) {
	key, err := NewKey(bytes.Repeat([]byte{7}, KeyBytes))
	if err != nil {
		f.Fatal(err)
	}
	for _, k := range []*Key{nil, key} {
		content, err := encode(sample(NewID()), k)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, true)
	}
	f.Add(encodeHead(sample(NewID())), false)
	f.Fuzz(func(t *testing.T, content []byte, whole bool) {
		var d *Delivery
		if whole {
			d, _ = decode(content, []*Key{key})
		} else {
			d = decodeHead(content) // which no sum protects from who edits it
		}
		if d == nil {
			return
		}
		for name, values := range d.Headers {
			for _, v := range append([]string{name}, values...) {
				if bytes.ContainsAny([]byte(v), "\r\n\x00") {
					t.Fatalf("%q has %q", name, v)
				}
			}
		}
		again := decodeHead(encodeHead(d))
		if again == nil {
			t.Fatalf("%+v can't be read again", d)
		}
		again.ID = d.ID
		again.Body = d.Body
		if !reflect.DeepEqual(again, d) {
			t.Fatalf("%+v became %+v", d, again)
		}
	})
}
