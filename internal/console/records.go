package console

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/words"
)

// noteAct leaves the record of what a visitor has done, or was refused: then with a message.
// Of a stranger there is no visitor.
func noteAct(source *Source, r *http.Request, v *visitor, record *audit.ConsoleRecord, now time.Time) {
	if source.Numbers == nil || source.Audit == nil {
		return // its configuration is gone, and it with it
	}
	record.Client = peerOf(r)
	if v != nil {
		record.Roles = []string{v.Role}
		if record.Actor == "" {
			record.Actor = v.Name
		}
	}
	record.Outcome = "success"
	if record.Message != "" {
		record.Outcome = "failure"
	}
	audit.PutConsole(source.Numbers, source.Audit, record, source.Outputs, now)
}

// noteLogin leaves the record of a token that was tried.
func noteLogin(source *Source, r *http.Request, v *visitor, now time.Time) {
	record := &audit.ConsoleRecord{Action: "login", Status: http.StatusOK}
	if v == nil {
		record.Status = http.StatusUnauthorized
		record.Message = "it is no token of this console"
	}
	noteAct(source, r, v, record, now)
}

// noteForeign leaves the record of an action that a page of somebody else's has asked for, in
// the name of somebody who is known here.
func noteForeign(s *policy.Console, look func(now time.Time) *Source, r *http.Request, name string, now time.Time) {
	if !words.Contains(actions, name) {
		return
	}
	v := visitorOf(s, r, now)
	if v != nil {
		noteAct(look(now), r, v, &audit.ConsoleRecord{Action: name, Status: http.StatusForbidden, Message: "another page has asked, or it was not in JSON"}, now)
	}
}

// refuse answers that something is not done, and why, to somebody who is known. It leaves a record.
func refuse(source *Source, rw http.ResponseWriter, r *http.Request, v *visitor, action string, status int, why string, now time.Time) {
	noteAct(source, r, v, &audit.ConsoleRecord{Action: action, Status: status, Message: why}, now)
	answerText(rw, status, why)
}

// answerText answers with a status and a sentence for an operator.
func answerText(rw http.ResponseWriter, status int, text string) {
	rw.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(text + "\n"))
}
