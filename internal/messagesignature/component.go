package messagesignature

import (
	"encoding/base64"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/structured"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// component is what a signature covers, RFC 9421, 2. It is never written to once it is read.
type component struct {
	id      string // as it is serialised, with its parameters
	name    string
	header  string // of a field: its canonical name
	isPlain bool   // a field's value is its line
	sf      bool   // a structured field, serialised again
	bs      bool   // each line as bytes
	key     string // the one member of a dictionary; or the name of a query's parameter
	keyed   bool
}

// derived are the components of a request that are no fields, RFC 9421, 2.2.
var derived = []string{"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"}

const queryParameter = "@query-param"

// fieldName is a field's name, in small letters.
var fieldName = regexp.MustCompile("^[a-z0-9!#$%&'*+.^_`|~-]+$")

// common are components without parameters that most signatures cover, by their names.
var common = map[string]*component{}

func init() {
	for _, name := range append([]string{"content-digest", "content-type", "content-length", "date", "host", "idempotency-key", "webhook-id", "webhook-timestamp"}, derived...) {
		common[name] = readComponent(&structured.Item{Value: structured.Value{Kind: structured.String, Text: name}})
	}
}

// readComponent reads an identifier. It returns nil where that can't be a request's: it is of
// a response, of a trailer, or of a kind that nobody knows.
func readComponent(item *structured.Item) *component {
	c := &component{name: item.Value.Text}
	if item.Value.Kind != structured.String {
		return nil
	}
	c.id = structured.SerialiseString(c.name)
	isField := fieldName.MatchString(c.name)
	if !isField && c.name != queryParameter && !words.Contains(derived, c.name) {
		return nil
	}
	if len(item.Parameters) > 0 {
		c.id += structured.SerialiseParameters(item.Parameters)
		if !readFlags(c, item.Parameters, isField) {
			return nil
		}
	}
	if c.bs && (c.sf || c.keyed) || c.name == queryParameter && !c.keyed {
		return nil
	}
	if isField {
		c.header = http.CanonicalHeaderKey(c.name)
		c.isPlain = !c.sf && !c.bs && !c.keyed && c.header != "Host"
	}
	return c
}

// readFlags reads the parameters of an identifier, RFC 9421, 6.5.2.
func readFlags(c *component, parameters []structured.Parameter, isField bool) bool {
	for i := range parameters {
		p := &parameters[i]
		isSet := p.Value.Kind == structured.Boolean && p.Value.Text == "?1"
		switch {
		case isField && p.Name == "sf" && isSet:
			c.sf = true
		case isField && p.Name == "bs" && isSet:
			c.bs = true
		case isField && p.Name == "key" && p.Value.Kind == structured.String:
			c.key = p.Value.Text
			c.keyed = true
		case c.name == queryParameter && p.Name == "name" && p.Value.Kind == structured.String:
			c.key = p.Value.Text
			c.keyed = true
		default:
			return false
		}
	}
	return true
}

func namesOf(covered []*component) []string {
	names := make([]string, 0, len(covered))
	for _, one := range covered {
		names = append(names, one.id)
	}
	return names
}

// covers says whether a component is covered as a whole.
func covers(covered []*component, name string) bool {
	return coversOf(covered, name, "")
}

// agentField has a member for each signature, under its label (draft-meunier-webbotauth).
const agentField = "signature-agent"

// coversOf is covers for the signature of a label.
func coversOf(covered []*component, name, label string) bool {
	for _, one := range covered {
		if one.name == name && (!one.keyed || name == agentField && label != "" && one.key == label) {
			return true
		}
	}
	return false
}

// uncovered returns a component that had to be covered, and is not.
func uncovered(v *Verifier, m *message.Message, c *candidate) string {
	for _, name := range v.Components {
		if !coversOf(c.covered, name, c.label) && (len(m.Body) > 0 || !digestFields[name]) {
			return name
		}
	}
	for _, name := range v.IfPresent {
		if !coversOf(c.covered, name, c.label) && isPresent(m.Request, name) {
			return name
		}
	}
	return ""
}

// isPresent says whether a request has a component of the option coverIfPresent.
func isPresent(r *http.Request, name string) bool {
	if name == "@query" {
		return r.URL.RawQuery != "" || r.URL.ForceQuery
	}
	return len(r.Header[http.CanonicalHeaderKey(name)]) > 0
}

// singular are fields of which a second line would be somebody else's, whatever is signed:
// a backend may take either.
var singular = map[string]bool{"Content-Type": true, "Content-Digest": true, "Repr-Digest": true, "Digest": true, "Content-Length": true, "Date": true, "Authorization": true}

// fieldLines returns the lines of a field. The server keeps the host elsewhere.
func fieldLines(r *http.Request, c *component) []string {
	if c.header == "Host" {
		return []string{r.Host}
	}
	return r.Header[c.header]
}

// visible finds what may stand in a line of what is signed. A line's end would begin the
// next one, and bytes beyond ASCII are for ;bs alone.
var visible = regexp.MustCompile(`^[\t -~]*$`)

// fieldValue returns the value of a field, RFC 9421, 2.1, or the reason to refuse.
func fieldValue(r *http.Request, c *component) (string, string) {
	lines := fieldLines(r, c)
	if len(lines) == 0 {
		return "", verdict.ComponentMissing
	}
	if len(lines) > 1 && singular[c.header] {
		return "", verdict.SignedTextAmbiguous
	}
	if c.bs {
		return bytesOf(lines), ""
	}
	value := textproto.TrimString(lines[0])
	for _, line := range lines[1:] {
		value += ", " + textproto.TrimString(line)
	}
	if !visible.MatchString(value) {
		return "", verdict.SignedTextAmbiguous
	}
	if c.sf || c.keyed {
		return structuredValue(c, value)
	}
	return value, ""
}

// bytesOf writes each line as a byte sequence, RFC 9421, 2.1.3.
func bytesOf(lines []string) string {
	texts := make([]string, 0, len(lines))
	for _, line := range lines {
		texts = append(texts, ":"+base64.StdEncoding.EncodeToString([]byte(textproto.TrimString(line)))+":")
	}
	return strings.Join(texts, ", ")
}

// dictionaries are the fields that are known to be one, which ;sf needs; ;key says so itself.
var dictionaries = []string{"content-digest", "repr-digest", "want-content-digest", "want-repr-digest", "priority", "signature", "signature-input", "signature-agent"}

// structuredValue writes a dictionary anew, or one member of it, RFC 9421, 2.1.1 and 2.1.2.
func structuredValue(c *component, value string) (string, string) {
	if !c.keyed && !words.Contains(dictionaries, c.name) {
		return "", verdict.SignatureMalformed
	}
	members, ok := structured.ParseDictionary(value)
	if !ok {
		return "", verdict.SignedTextAmbiguous
	}
	if !c.keyed {
		return structured.SerialiseDictionary(members), ""
	}
	for i := range members {
		if members[i].Key == c.key {
			return structured.SerialiseMember(&members[i]), ""
		}
	}
	return "", verdict.ComponentMissing
}
