package message

import (
	"strings"
	"testing"
)

// Names of fields that some parser takes for one that is signed.
func TestSoundsAlike(t *testing.T) {
	for signed, names := range map[string][]string{
		"data.id": {"data[id]", "data_id", "data id", "data[id", "Data.ID", "data[id][]", "data.id[0]", "data[id][x]", "data.id.x", " data.id", "data.id\x00x",
			".data.id", "[data][id]", "[data].id", "data[id]x", "data[id]_", "data][id", "data..id", "data.[id]", "data[id].", "data]id", ".[data][id]x[y]", "[data]_[id]", ".data]]x[id]x[", "[data]x[id]\u00a0y", ".data.[ x.id"},
		"data[id]": {"data.id", "data_id", "DATA[ID]", "data.id[]", "data[id]"},
		"a[b][c]":  {"a.b.c", "a[b].c", "a.b[c]", "a_b_c"},
		"payload":  {"payload[]", "payload[x]", "payload.x", "Payload", "[payload]", ".payload", "payload]x", "payload."},
		"list[]":   {"list", "list[0]", "List[]"},
	} {
		for _, name := range names {
			if !soundsAlike(name, signed) {
				t.Errorf("%q may be taken for %q", name, signed)
			}
		}
	}
	// Names with any number of separators cost little, and are nobody's field.
	if long := strings.Repeat("[", 1<<20); !soundsAlike(long, "data.id") || !soundsAlike("data"+long, "data.id") {
		t.Error("a million brackets are looked through")
	}
	if long := strings.Repeat("x", 1<<20); soundsAlike("data."+long, "data.id") {
		t.Error("a million letters are not data.id")
	}
	for signed, names := range map[string][]string{
		"data.id": {"data", "id", "data.i", "data.idx", "data[x]", "data.x", "xdata.id", "data[idx]", "data-id"}, "payload": {"_payload", "payload_", "payload_type", "my.payload", "payloads", "x.payload", "x[payload]", "payload2", "pay.load"},
	} {
		for _, name := range names {
			if soundsAlike(name, signed) {
				t.Errorf("%q is not %q", name, signed)
			}
		}
	}
}
