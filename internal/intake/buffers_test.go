package intake

import "testing"

// With a length, the buffers of a body are a third more than it altogether, and none is
// more than four times what has come.
func TestBodyCostsItsLengthOnce(t *testing.T) {
	for length := int64(1); length < 30<<20; length += 1 + length/7 {
		total := int64(0)
		for have := int64(0); have < length; {
			room := nextRoom(have, length)
			if room <= have || room > length || have == 0 && room > firstBuffer || have > 0 && room > growth*have {
				t.Fatalf("of %d bytes, %d are followed by %d", length, have, room)
			}
			total += room
			have = room
		}
		if !isPooled(length) && total > length+length/3+20 {
			t.Errorf("a body of %d bytes costs %d", length, total)
		}
	}
}
