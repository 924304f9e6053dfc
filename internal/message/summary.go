package message

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Summary reads the delivery's id and the event's type out of a verified JSON
// body. It is a struct type with just these fields, made once, so that one call
// of the compiled decoder does it: reading the whole document, and following
// paths through it, costs four times as much. The decoder knows no case, and takes
// the last of several names: what the provider signs is not guessed at.
type Summary struct {
	shape reflect.Type
	id    []int // the fields that lead to the value; empty: not in the body
	event []int
}

// plainName are names that a struct's tag can have: the decoder passes over
// others without a word, and would take the field by its Go name.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_$@][A-Za-z0-9_$@:/-]*$`)

var rawJSON = reflect.TypeOf(json.RawMessage{})

// SummaryOf returns the summary of two locations, or nil where neither is a
// path of plain names.
func SummaryOf(id, event *Location) *Summary {
	paths := [][]jsonpath.Step{}
	s := &Summary{}
	for _, p := range []*Location{id, event} {
		if p.Kind != "json" {
			continue
		}
		for _, one := range p.Path {
			if !plainName.MatchString(one.Name) {
				return nil
			}
		}
		paths = append(paths, p.Path)
	}
	if len(paths) == 0 {
		return nil
	}
	s.shape = shapeOf(paths)
	if id.Kind == "json" {
		s.id = fieldsTo(s.shape, id.Path)
	}
	if event.Kind == "json" {
		s.event = fieldsTo(s.shape, event.Path)
	}
	if id.Kind == "json" && s.id == nil || event.Kind == "json" && s.event == nil {
		return nil // one path ends where the other goes on
	}
	return s
}

// shapeOf returns a struct type with a raw value at the end of each path.
func shapeOf(paths [][]jsonpath.Step) reflect.Type {
	names := []string{}
	below := map[string][][]jsonpath.Step{}
	for _, path := range paths {
		name := path[0].Name
		if below[name] == nil {
			names = append(names, name)
			below[name] = [][]jsonpath.Step{}
		}
		if len(path) > 1 {
			below[name] = append(below[name], path[1:])
		}
	}
	fields := []reflect.StructField{}
	for i, name := range names {
		kind := rawJSON
		if len(below[name]) > 0 {
			kind = shapeOf(below[name])
		}
		fields = append(fields, reflect.StructField{Name: string(rune('A' + i)), Type: kind, Tag: reflect.StructTag(`json:"` + name + `"`)})
	}
	return reflect.StructOf(fields)
}

// fieldsTo returns the way to the end of a path.
func fieldsTo(shape reflect.Type, path []jsonpath.Step) []int {
	way := []int{}
	for _, s := range path {
		if shape.Kind() != reflect.Struct {
			return nil
		}
		for i := 0; i < shape.NumField(); i++ {
			if shape.Field(i).Tag.Get("json") == s.Name {
				way = append(way, i)
				shape = shape.Field(i).Type
				break
			}
		}
	}
	if shape != rawJSON {
		return nil
	}
	return way
}

// Identity is where a request says which delivery it is, and of which event.
type Identity struct {
	ID      Location
	Event   Location
	Summary *Summary // of the body, where one of them is in it
}

// summarise returns the id and the event that are in a body.
func summarise(s *Summary, body []byte) (string, string) {
	id, event := "", ""
	found := reflect.New(s.shape)
	// Values of another kind than expected are left out; the rest is read.
	_ = json.Unmarshal(body, found.Interface())
	if s.id != nil {
		id = plainText(found.Elem().FieldByIndex(s.id).Bytes())
	}
	if s.event != nil {
		event = plainText(found.Elem().FieldByIndex(s.event).Bytes())
	}
	return id, event
}

// Identify returns the delivery's id and the event's type of a message, or what is known of
// them already where they stand nowhere else. Usually both are in the body.
func Identify(i *Identity, m *Message, id, event string) (string, string) {
	if i.Summary != nil && i.Summary.id != nil && i.Summary.event != nil {
		return summarise(i.Summary, m.Body)
	}
	return identifyAny(i, m, id, event)
}

// identifyAny is Identify for every case.
func identifyAny(i *Identity, m *Message, id, event string) (string, string) {
	s := i.Summary
	inID, inEvent := false, false
	if s != nil {
		inID = s.id != nil
		inEvent = s.event != nil
		foundID, foundEvent := summarise(s, m.Body)
		if inID {
			id = foundID
		}
		if inEvent {
			event = foundEvent
		}
	}
	if i.ID.Kind != "" && !inID {
		id = TextAt(&i.ID, m)
	}
	if i.Event.Kind != "" && !inEvent {
		event = TextAt(&i.Event, m)
	}
	return id, event
}

// plainText returns the text of a raw JSON value: a string's, or a number or a
// boolean as it is written. Usually it is a string without an escape.
func plainText(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return anyText(raw)
	}
	return string(raw[1 : len(raw)-1])
}

// anyText is plainText for what is no such string.
func anyText(raw []byte) string {
	if raw[0] == '{' || raw[0] == '[' || raw[0] == 'n' {
		return ""
	}
	if raw[0] != '"' {
		return string(raw)
	}
	text := string(raw[1 : len(raw)-1])
	_ = json.Unmarshal(raw, &text)
	return text
}
