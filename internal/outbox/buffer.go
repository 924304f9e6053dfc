package outbox

import "bytes"

// buffer holds lines, each with its newline, in chunks. A chunk that was taken
// out is not written to any more.
type buffer struct {
	chunkBytes int // about how much is taken, or dropped, at once
	chunks     [][]byte
	size       int // of all chunks, in bytes
}

// part returns how much to take or drop at once of what has a bound: not so much
// that hardly anything is left.
func part(want, most int) int {
	if want > most/4 {
		return most / 4
	}
	return want
}

// add appends a line.
func add(b *buffer, line []byte) {
	b.size += len(line)
	n := len(b.chunks)
	if n > 0 && len(b.chunks[n-1])+len(line) <= b.chunkBytes {
		b.chunks[n-1] = append(b.chunks[n-1], line...)
		return
	}
	room := len(line)
	if n > 0 && room < b.chunkBytes {
		room = b.chunkBytes // there is more to come, it seems
	}
	chunk := make([]byte, 0, room)
	b.chunks = append(b.chunks, append(chunk, line...))
}

// take returns the oldest chunk, or nil.
func take(b *buffer) []byte {
	if len(b.chunks) == 0 {
		return nil
	}
	chunk := b.chunks[0]
	b.chunks[0] = nil
	b.chunks = b.chunks[1:]
	b.size -= len(chunk)
	return chunk
}

// putBack makes a chunk the oldest again.
func putBack(b *buffer, chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	b.chunks = append([][]byte{chunk}, b.chunks...)
	b.size += len(chunk)
}

// shrink drops the oldest chunks until the buffer has no more than so many bytes, and
// says whether any of it is lost.
func shrink(b *buffer, most int, g *gaps) bool {
	lost := false
	for b.size > most && len(b.chunks) > 0 {
		chunk := take(b)
		gone := dropAll(g, split(chunk))
		lost = lost || gone
	}
	return lost
}

// split returns the lines of a chunk, without their newlines.
func split(chunk []byte) [][]byte {
	if len(chunk) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(chunk, newline), newline)
}

// join makes a chunk of lines.
func join(lines [][]byte) []byte {
	if len(lines) == 0 {
		return nil
	}
	return append(bytes.Join(lines, newline), '\n')
}

var newline = []byte("\n")
