package message

import (
	"strings"
	"testing"
)

// Names of fields that some parser takes for one that is signed.
func TestSoundsAlike(t *testing.T) {
	for signed, names := range map[string][]string{
		"data.id":  {"data[id]", "data_id", "data id", "data[id", "Data.ID", "data[id][]", "data.id[0]", "data[id][x]", "data.id.x", " data.id", "data.id\x00x"},
		"data[id]": {"data.id", "data_id", "DATA[ID]", "data.id[]", "data[id]"},
		"a[b][c]":  {"a.b.c", "a[b].c", "a.b[c]", "a_b_c"},
		"payload":  {"payload[]", "payload[x]", "payload.x", "Payload"},
	} {
		for _, name := range names {
			if !soundsAlike(name, signed) {
				t.Errorf("%q may be taken for %q", name, signed)
			}
		}
	}
	// Names of any length cost little.
	if long := strings.Repeat("[", 1<<20); soundsAlike(long, "data.id") || soundsAlike("data"+long, "data.id") {
		t.Error("a million brackets are not data.id")
	}
	for signed, names := range map[string][]string{
		"data.id": {"data", "id", "data.i", "data.idx", "data[x]", "data.x", "xdata.id", "data[idx]", "data-id"}, "payload": {"payloads", "x.payload", "x[payload]", "payload2", "pay.load"},
	} {
		for _, name := range names {
			if soundsAlike(name, signed) {
				t.Errorf("%q is not %q", name, signed)
			}
		}
	}
}
