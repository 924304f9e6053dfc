package ship

import (
	"bytes"
	"encoding/json"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/hookward/hookward/internal/outbox"
)

// action is the line before a record in a request to
// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk. To
// create is all that a data stream allows. With an identifier that is the same each
// time, a record that was taken before is a conflict, and not a second record.
type action struct {
	Create document `json:"create"`
}

type document struct {
	Index string `json:"_index"`
	ID    string `json:"_id"`
}

// bulkReply is the answer, with a result for each record, in their order.
type bulkReply struct {
	Items []bulkItem `json:"items"`
}

type bulkItem struct {
	Create bulkResult `json:"create"`
}

type bulkResult struct {
	Status int `json:"status"`
	Error  struct {
		Type string `json:"type"` // it has a reason, too, which quotes the record
	} `json:"error"`
}

// maxKinds is how many kinds of errors are told of one batch.
const maxKinds = 3

func sendElasticsearch(s *Sender, entries []*entry) outbox.Outcome {
	a := post(s, s.endpoint, bulkBody(s.target.Index, entries))
	if !taken(a) {
		return unsuccessful(s, entries, a)
	}
	// Whatever has become of them: it does no harm to send them again.
	reply := bulkReply{}
	if !a.whole {
		return unreadable(s, entries, a, "the answer is too large or not whole")
	}
	if json.Unmarshal(a.body, &reply) != nil {
		return unreadable(s, entries, a, "not as Elasticsearch does")
	}
	if len(reply.Items) != len(entries) {
		return unreadable(s, entries, a, "with "+strconv.Itoa(len(reply.Items))+" results for "+counted(len(entries)))
	}
	return sortOut(s, entries, a, reply.Items)
}

func bulkBody(index string, entries []*entry) []byte {
	var body bytes.Buffer
	for _, e := range entries {
		line, _ := json.Marshal(&action{Create: document{Index: index, ID: e.id}}) // of texts, which can't fail
		body.Write(line)
		body.WriteByte('\n')
		body.Write(e.record)
		body.WriteByte('\n')
	}
	return body.Bytes()
}

// sortOut sorts records by what has become of each.
func sortOut(s *Sender, entries []*entry, a *answer, items []bulkItem) outbox.Outcome {
	outcome := outbox.Outcome{}
	kinds := map[string]int{}
	for i, item := range items {
		result := item.Create
		if result.Status >= 200 && result.Status <= 299 || result.Status == 409 {
			continue
		}
		kind := shownKind(result)
		kinds[kind]++
		if isForever(result) {
			outcome.Refused = append(outcome.Refused, entries[i].record)
		} else {
			outcome.Later = append(outcome.Later, entries[i].record)
		}
	}
	missing := len(outcome.Refused) + len(outcome.Later)
	if missing > 0 {
		outcome.Problem = answered(s, a) + ", but took only " + strconv.Itoa(len(entries)-missing) + " of " + counted(len(entries)) + ": " + shownKinds(kinds)
	}
	if len(outcome.Later) > 0 {
		outcome.Wait = a.wait
	}
	return outcome
}

// ofTheIndex are errors with the status 400 for which the record is not to blame:
// the index is closed, can't be called so, or would be one too many.
const ofTheIndex = " index_closed_exception invalid_index_name_exception validation_exception "

// isForever says whether a record will be refused each time. A missing or forbidden
// index is one that an operator can put right: a disk that is nearly full
// makes it read-only, and that is 403 in OpenSearch.
func isForever(r bulkResult) bool {
	switch r.Status {
	case 401, 403, 404, 408, 429:
		return false
	}
	return r.Status >= 400 && r.Status <= 499 && !strings.Contains(ofTheIndex, " "+r.Error.Type+" ")
}

var kindOfError = regexp.MustCompile(`^[a-z_]{1,64}$`)

func shownKind(r bulkResult) string {
	if kindOfError.MatchString(r.Error.Type) {
		return r.Error.Type
	}
	return "status " + strconv.Itoa(r.Status)
}

// shownKinds lists kinds of errors, the most frequent first.
func shownKinds(kinds map[string]int) string {
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	sort.Strings(names)
	sort.SliceStable(names, func(i, j int) bool { return kinds[names[i]] > kinds[names[j]] })
	texts := []string{}
	for _, name := range names {
		if len(texts) == maxKinds {
			texts = append(texts, "and others")
			break
		}
		texts = append(texts, name+" ("+strconv.Itoa(kinds[name])+")")
	}
	return strings.Join(texts, ", ")
}
