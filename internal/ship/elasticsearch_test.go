package ship

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestElasticsearchRequest(t *testing.T) {
	r, address := newReceiver(t)
	answerWith(r, 200, `{"took":3,"errors":false,"items":[{"create":{"_id":"5f1c-1","status":201}},{"create":{"status":200}},{"create":{"status":201}}]}`)
	s := newSender(t, Target{Type: "elasticsearch", URL: address + "/insert/?_time_field=@timestamp", APIKey: "a2V5"})
	expect(t, "bulk", s, address, "taken")
	got := one(t, r)
	want := `{"create":{"_index":"logs-hookward.audit-default","_id":"5f1c-1"}}` + "\n" + first + "\n" +
		`{"create":{"_index":"logs-hookward.audit-default","_id":"5f1c-2"}}` + "\n" + second + "\n" +
		`{"create":{"_index":"logs-hookward.audit-default","_id":"5f1c-3"}}` + "\n" + third + "\n"
	if got.line != "POST /insert/_bulk?_time_field=@timestamp" || got.body != want {
		t.Errorf("%s\n%s", got.line, got.body)
	}
	if got.header.Get("Content-Type") != "application/x-ndjson" || got.header.Get("Authorization") != "ApiKey a2V5" || got.header.Get("User-Agent") != "hookward" {
		t.Errorf("%v", got.header)
	}
	answerWith(r, 200, `{"items":[{"create":{"status":201}}]}`)
	s = newSender(t, Target{Type: "elasticsearch", URL: address, Index: "audit", Username: "u", Password: "p"})
	if got := told(Send(s, [][]byte{[]byte(`{"event.id":"\"}}\n"}`)})); got != "taken" {
		t.Error(got)
	}
	got = one(t, r)
	if got.body != `{"create":{"_index":"audit","_id":"\"}}\n"}}`+"\n"+`{"event.id":"\"}}\n"}`+"\n" || got.header.Get("Authorization") != "Basic dTpw" {
		t.Errorf("%s\n%v", got.body, got.header)
	}
}

// failed is a result with an error, whose reason quotes the record.
func failed(status, kind string) string {
	return `{"create":{"_index":"i","status":` + status + `,"error":{"type":"` + kind + `","reason":"secret","caused_by":{"type":"x","reason":"secret"}}}}`
}

func TestElasticsearchResults(t *testing.T) {
	const good = `{"create":{"status":201}}`
	conflict := failed("409", "version_conflict_engine_exception")
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "elasticsearch", URL: address})
	const only = ": URL/_bulk answered 200, but took only "
	for _, c := range []struct {
		items string
		want  string
	}{
		{good + "," + conflict + "," + good, "taken"},
		{conflict + "," + conflict + "," + conflict, "taken"},
		{good + "," + failed("400", "document_parsing_exception") + "," + good, "refused 2" + only + "2 of 3 records: document_parsing_exception (1)"},
		{failed("429", "es_rejected_execution_exception") + "," + good + "," + failed("429", "es_rejected_execution_exception"), "later 1 3" + only + "1 of 3 records: es_rejected_execution_exception (2)"},
		{failed("503", "unavailable_shards_exception") + "," + failed("400", "mapper_parsing_exception") + "," + conflict, "later 1, refused 2" + only + "1 of 3 records: mapper_parsing_exception (1), unavailable_shards_exception (1)"},
		{failed("403", "cluster_block_exception") + "," + failed("404", "index_not_found_exception") + "," + failed("401", "security_exception"), "later 1 2 3" + only + "0 of 3 records: cluster_block_exception (1), index_not_found_exception (1), security_exception (1)"},
		{failed("400", "validation_exception") + "," + failed("400", "index_closed_exception") + "," + failed("400", "invalid_index_name_exception"), "later 1 2 3" + only + "0 of 3 records: index_closed_exception (1), invalid_index_name_exception (1), validation_exception (1)"},
		{failed("413", "Secret <b>") + "," + failed("422", "") + "," + failed("400", strings.Repeat("x", 65)), "refused 1 2 3" + only + "0 of 3 records: status 400 (1), status 413 (1), status 422 (1)"},
		{failed("500", "a") + "," + good + "," + failed("302", "b"), "later 1 3" + only + "1 of 3 records: a (1), b (1)"},
		// What is none of our action's is not known to have been taken.
		{`{"index":{"status":201}},{},null`, "later 1 2 3" + only + "0 of 3 records: status 0 (3)"},
	} {
		for _, errors := range []string{"true", "false"} {
			answerWith(r, 200, `{"took":1,"errors":`+errors+`,"items":[`+c.items+`]}`)
			expect(t, c.items, s, address, c.want)
		}
	}
	many := []string{}
	batch := [][]byte{}
	for _, kind := range []string{"a", "b", "c", "d", "d", "c", "d", "e"} {
		many = append(many, failed("400", kind))
		batch = append(batch, []byte(first))
	}
	answerWith(r, 200, `{"items":[`+strings.Join(many, ",")+`]}`)
	if got := Send(s, batch).Problem; !strings.HasSuffix(got, "took only 0 of 8 records: d (3), c (2), a (1), and others") {
		t.Error(got)
	}
}

func TestElasticsearchRepliesThatAreNone(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "elasticsearch", URL: address})
	const but = "later 1 2 3: URL/_bulk answered 200, but "
	for reply, want := range map[string]string{
		"":                         but + "not as Elasticsearch does",
		"<html>welcome</html>":     but + "not as Elasticsearch does",
		`{"errors":false,"items":`: but + "not as Elasticsearch does",
		`[]`:                       but + "not as Elasticsearch does",
		`{"items":[{"create":{"status":"201"}}]}`: but + "not as Elasticsearch does",
		`{"errors":false}`:                        but + "with 0 results for 3 records",
		`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}`: but + "with 2 results for 3 records",
		`{"items":[{},{},{},{}]}`: but + "with 4 results for 3 records",
	} {
		answerWith(r, 200, reply)
		expect(t, reply, s, address, want)
	}
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "3")
		rw.WriteHeader(429)
		_, _ = io.WriteString(rw, `{"error":{"type":"es_rejected_execution_exception","reason":"secret"},"status":429}`)
	})
	expect(t, "429", s, address, "later 1 2 3, wait 3s: URL/_bulk answered 429")
	answerWith(r, 413, "")
	expect(t, "413", s, address, "later 1 2 3, smaller: URL/_bulk answered 413")
}
