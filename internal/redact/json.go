package redact

import (
	"regexp"
	"strings"
)

const (
	maxDepth  = 64 // of objects and lists; what is deeper is redacted whole
	maxLevels = 4  // of documents in strings of documents, the outermost too
)

// document is a valid JSON document on its way to a rendition, taken apart at its quotes:
// what stands between strings, a string, and so on. Nearly all strings cost a turn of a
// loop and no more: the interpreter is slow, strings.Split is not.
type document struct {
	r      *Rules
	m      *memory
	pieces []string // every second one is a string; the last is none
	level  int
	masks  []pattern      // that may match
	links  bool           // whether some link may have a secret in its query
	hint   *regexp.Regexp // is in all that any of them matches, or nil

	out     []string // what is done; pieces before from are in there
	from    int
	changed bool

	closers string // of what is open, the innermost first
	sets    []int  // the same for the sets that their values have, the innermost last
	value   int    // the set of the next value
	secret  bool   // whether that is redacted
}

// Quotes and backslashes in strings get out of the way for as long as a document
// is in pieces, and with them all escapes that are no \u, and the marker between
// strings. Control characters are free: they must not stand in JSON.
var (
	hide    = strings.NewReplacer(`\\`, "\x01", `\"`, "\x02", `\/`, "\x03", `\b`, "\x04", `\f`, "\x05", `\n`, "\x06", `\r`, "\x07", `\t`, "\x08")
	restore = strings.NewReplacer("\x01", `\\`, "\x02", `\"`, "\x03", `\/`, "\x04", `\b`, "\x05", `\f`, "\x06", `\n`, "\x07", `\r`, "\x08", `\t`, mark, `"`+Marker+`"`)
)

const mark = "\x0e"

// renderJSON returns a rendition of a JSON document, or of the beginning of one,
// and whether anything in it is redacted. Its level is 1, and one more for each
// document that it is in.
func renderJSON(r *Rules, m *memory, text string, cut bool, level int) (string, bool) {
	escaped := strings.Contains(text, "\\")
	if escaped {
		text = hide.Replace(text)
	}
	pieces := strings.Split(text, `"`)
	if strings.ContainsAny(text, space) {
		dropSpace(pieces)
	}
	if cut {
		pieces = dropRest(pieces)
	}
	d := &document{r: r, m: m, pieces: pieces, level: level, masks: candidates(r, text), links: hasLinks(r, m, text), value: startOf(r, m)}
	if len(d.masks) > 0 {
		d.hint = r.hint
	}
	walk(d)
	text = strings.Join(append(d.out, strings.Join(pieces[d.from:], `"`), d.closers), "")
	if escaped || d.changed {
		text = restore.Replace(text)
	}
	return text, d.changed
}

// dropSpace takes white space out from between strings, all at once.
func dropSpace(pieces []string) {
	between := make([]string, 0, len(pieces)/2+1)
	for i := 0; i < len(pieces); i += 2 {
		between = append(between, pieces[i])
	}
	between = strings.Split(withoutSpace.Replace(strings.Join(between, `"`)), `"`)
	for i, piece := range between {
		pieces[2*i] = piece
	}
}

var withoutSpace = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")

// dropRest drops from the end of a document that is cut off what is not whole: a
// scalar that may go on, a name without its value, and what may be one.
func dropRest(pieces []string) []string {
	n := len(pieces)
	if n%2 == 0 {
		n-- // the string that has no end
	} else {
		last := pieces[n-1]
		pieces[n-1] = last[:strings.LastIndexAny(last, "{}[],:")+1]
	}
	for n > 1 && (pieces[n-1] == ":" || pieces[n-1] == "" && !strings.HasSuffix(pieces[n-3], ":") && !strings.HasSuffix(pieces[n-3], "[")) {
		n -= 2
	}
	pieces[n-1] = strings.TrimSuffix(pieces[n-1], ",")
	return pieces[:n]
}

// shapes are what stands between strings nearly always, and what that does: nothing,
// open or close. A list's objects are alike, so the end of one and the beginning of
// the next do nothing. None has a number in it.
var shapes = map[string]int{
	":": still, ",": still, ":null,": still, ":true,": still, ":false,": still, ":[],": still, ":{},": still, "},{": still, "],[": still,
	":{": opening, ":[": opening, "},": closing, "],": closing, "]},{": closing,
}

const (
	still   = 1
	opening = 2
	closing = 3
)

// walk goes through a document once.
func walk(d *document) {
	pieces := d.pieces
	classes := d.m.classes
	hint := d.hint
	links := d.links
	for i := 0; ; i += 2 {
		piece := pieces[i]
		shape := shapes[piece]
		if shape == 0 || d.secret && piece != ":" || len(d.closers) == maxDepth {
			if d.secret || hint != nil || strings.ContainsAny(piece, "{}[]") {
				i = between(d, i)
			}
		} else if shape == opening {
			open(d, piece[1])
		} else if shape == closing {
			shut(d)
		}
		if i+1 >= len(pieces) {
			return
		}
		text := pieces[i+1]
		if pieces[i+2] != "" && pieces[i+2][0] == ':' {
			class := classes[text]
			set := d.sets[len(d.sets)-1]
			next := unknown
			if class == plainName && set == nowhere {
				next = nowhere
			} else if class == plainName {
				next = d.m.other[set]
			}
			if next == unknown {
				readName(d, text, class)
			} else {
				d.value = next
				d.secret = next == hit
			}
			if hint != nil && hint.MatchString(text) || links && strings.ContainsAny(text, linkHints) {
				maskString(d, i+1)
			}
		} else if d.secret {
			pieces[i+1] = Marker
			d.secret = false
			d.changed = true
		} else if text != "" && opens[text[0]] || hint != nil && hint.MatchString(text) || links && strings.ContainsAny(text, linkHints) {
			scalar(d, i+1)
		}
	}
}

// open notes the beginning of an object or a list. A list's items have the list's
// set: lists are no level.
func open(d *document, bracket byte) {
	d.sets = append(d.sets, d.value)
	if bracket == '{' {
		d.closers = "}" + d.closers
	} else {
		d.closers = "]" + d.closers
	}
}

// shut notes the end of one. The next value may be another item of a list.
func shut(d *document) {
	last := len(d.sets) - 1
	d.closers = d.closers[1:]
	d.sets = d.sets[:last]
	if last > 0 {
		d.value = d.sets[last-1]
	}
}

// readName decides about the value of a name.
func readName(d *document, written, class string) {
	if class == "" {
		class = classify(d.r, d.m, written)
	}
	if class == secretName {
		d.secret = true
		return
	}
	d.value = follow(d.r, d.m, d.sets[len(d.sets)-1], class)
	d.secret = d.value == hit
}

// between goes through what stands between two strings: brackets, numbers, true,
// false and null. It returns the piece that it has come to, which is another one
// where an object or a list is redacted.
func between(d *document, i int) int {
	if d.secret {
		i = redactValue(d, i)
	}
	maskPiece(d, i)
	piece := d.pieces[i]
	at := 0
	for {
		n := strings.IndexAny(piece[at:], "{}[]")
		if n < 0 {
			return i
		}
		at += n
		c := piece[at]
		if c == '}' || c == ']' {
			shut(d)
		} else if len(d.closers) < maxDepth {
			open(d, c)
		} else {
			i = redactFrom(d, i, at)
			maskPiece(d, i)
			piece = d.pieces[i]
			at = -1
		}
		at++
	}
}

// redactValue redacts the value that begins behind the colon at the beginning of
// a piece, and returns the piece that it ends in.
func redactValue(d *document, i int) int {
	d.secret = false
	piece := d.pieces[i]
	if piece[1] == '{' || piece[1] == '[' {
		return redactFrom(d, i, 1)
	}
	end := strings.IndexAny(piece, ",}")
	if end < 0 {
		end = len(piece)
	}
	d.pieces[i] = ":" + mark + piece[end:]
	d.changed = true
	return i
}

// maskPiece redacts numbers that patterns match.
func maskPiece(d *document, i int) {
	if len(d.masks) == 0 || len(d.pieces[i]) < minNumber {
		return
	}
	text, changed := maskNumbers(d.masks, d.pieces[i])
	if changed {
		d.pieces[i] = text
		d.changed = true
	}
}

// redactFrom redacts the object or list whose bracket is at a place in a piece. It
// returns the piece that it ends in, of which the rest is left.
func redactFrom(d *document, i, at int) int {
	depth := 0
	to := at
	for k := i; k < len(d.pieces); k += 2 {
		piece := d.pieces[k]
		for piece != ":" && piece != "," {
			n := strings.IndexAny(piece[to:], "{}[]")
			if n < 0 {
				break
			}
			to += n + 1
			if piece[to-1] == '{' || piece[to-1] == '[' {
				depth++
				continue
			}
			depth--
			if depth == 0 {
				return leaveOut(d, i, at, k, to)
			}
		}
		to = 0
	}
	// The document is cut off in there.
	last := len(d.pieces) - 1
	return leaveOut(d, i, at, last, len(d.pieces[last]))
}

// leaveOut redacts from a place in one piece to a place in another, which it
// returns. All before that is done.
func leaveOut(d *document, i, at, k, to int) int {
	rest := d.pieces[k][to:]
	d.pieces[i] = d.pieces[i][:at] + mark
	d.out = append(d.out, strings.Join(d.pieces[d.from:i+1], `"`))
	d.pieces[k] = rest
	d.from = k
	d.changed = true
	return k
}
