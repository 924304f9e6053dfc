package signature

import (
	"strings"

	"github.com/hookward/hookward/internal/words"
)

// delimit sets what keeps each part of the sender's choice apart from the one
// that may hold anything. It returns the names of the parts that nothing keeps
// apart: a stranger who has seen one delivery can move bytes between those and
// their neighbours.
// A timestamp keeps an id apart, being digits and signs of one strict form, where
// the body can't begin with another one.
func delimit(parts []Part) []string {
	pivot := pivotOf(parts)
	loose := []string{}
	for i := range parts {
		p := &parts[i]
		if i == pivot || !isChosen(p.Kind) && !IsBody(p.Kind) {
			continue
		}
		neighbour := neighbourOf(parts, i, pivot)
		switch {
		case neighbour >= 0 && parts[neighbour].Kind == "literal" && i < pivot:
			p.ends = string(parts[neighbour].text)
		case neighbour >= 0 && parts[neighbour].Kind == "literal":
			p.begins = string(parts[neighbour].text)
		case neighbour >= 0 && parts[neighbour].Kind == "timestamp" && p.Kind == "id":
			p.joined = true
		default:
			loose = append(loose, PlaceholderOf(p))
		}
	}
	for i := range parts {
		if (i == 0 && parts[i].Group != 0 || i > 0 && parts[i].Group != parts[i-1].Group) && !isLabelled(parts, i) {
			loose = append(loose, "[...]")
		}
	}
	return loose
}

// isLabelled says whether it can be told, where a group begins or ends at i, if
// the group is there: by its first text, and by the text that follows it. A
// group without text of its own leaves the delimiters around it as they are.
func isLabelled(parts []Part, i int) bool {
	group := parts[i].Group
	if group == 0 {
		group = parts[i-1].Group
	}
	for _, p := range parts {
		if p.Group == group && p.Kind == "literal" {
			return parts[i].Kind == "literal" && hasOwnLabel(parts, i)
		}
	}
	return true
}

// hasOwnLabel says whether the first text of a group differs from that of all
// which may stand there in its place: the groups that follow, and the first text
// that is always there.
func hasOwnLabel(parts []Part, i int) bool {
	label := string(parts[i].text)
	for n := i + 1; n < len(parts) && parts[i].Group != 0; n++ {
		if parts[n].Group == parts[n-1].Group {
			continue
		}
		other := string(parts[n].text)
		if strings.HasPrefix(label, other) || strings.HasPrefix(other, label) {
			return false
		}
		if parts[n].Group == 0 {
			break
		}
	}
	return true
}

// endsTimestamp says whether every timestamp ends at a text that is no digit, or
// at the end.
func endsTimestamp(parts []Part) bool {
	for i := range parts {
		if parts[i].Kind != "timestamp" || i == len(parts)-1 {
			continue
		}
		next := parts[i+1]
		if next.Kind != "literal" || next.Group != 0 || strings.Trim(string(next.text[:1]), "0123456789") == "" {
			return false
		}
	}
	return true
}

// pivotOf returns the position of the part that may hold anything: the body, the
// value that the template says is free, or else the last of the sender's choice.
func pivotOf(parts []Part) int {
	hasBody := SignsPart(parts, "body", "ascii")
	pivot := -1
	for i, p := range parts {
		if p.free {
			return i
		}
		if IsBody(p.Kind) || isChosen(p.Kind) && !hasBody {
			pivot = i
		}
	}
	return pivot
}

// neighbourOf returns the part beside i on the side of the pivot, or -1 where
// there is none to rely on. Checks are no text; and what is in brackets may not
// be there, unless i is in the same ones.
func neighbourOf(parts []Part, i, pivot int) int {
	direction := 1
	if i > pivot {
		direction = -1
	}
	for n := i + direction; n >= 0 && n < len(parts); n += direction {
		if parts[n].Kind == "check" || parts[n].Kind == "absent" {
			continue
		}
		if parts[n].Group != 0 && parts[n].Group != parts[i].Group {
			return -1
		}
		return n
	}
	return -1
}

// isChosen says whether a part is text of the sender's choice. A method is not:
// it is one of the option methods. Nor are digests, secrets, and lists of
// headers' names, which have forms of their own.
func isChosen(kind string) bool {
	return words.Contains([]string{"id", "value", "only", "lower", "fields", "headers", "listed", "url", "portURL", "decodedURL", "host", "path", "query", "uri"}, kind)
}

// PlaceholderOf returns how a part is written, for messages.
func PlaceholderOf(p *Part) string {
	switch p.Kind {
	case "value", "only":
		return "{" + p.Location.Kind + ":" + p.Location.Name + "}"
	case "lower":
		return "{lower:" + p.Location.Kind + ":" + p.Location.Name + "}"
	case "fields":
		return "{sorted:" + p.Location.Kind + "}"
	case "headers":
		return "{headers:" + p.Location.Name + "}"
	case "listed":
		return "{headerValues}"
	case "ascii":
		return "{ascii:body}"
	}
	return "{" + p.Kind + "}"
}
