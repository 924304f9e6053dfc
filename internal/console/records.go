package console

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/words"
)

// noteAct leaves the record of what a visitor has done, or was refused: then with a message.
// Of a stranger there is no visitor.
func noteAct(source *Source, c *call, record *audit.ConsoleRecord) {
	if source.Numbers == nil || source.Audit == nil {
		return // its configuration is gone, and it with it
	}
	record.Client = peerOf(c.r)
	if c.visitor != nil {
		record.Roles = []string{c.visitor.Role}
		record.Actor = words.OrDefault(record.Actor, c.visitor.Name)
	}
	record.Outcome = "success"
	if record.Message != "" {
		record.Outcome = "failure"
	}
	audit.PutConsole(source.Numbers, source.Audit, record, source.Outputs, c.now)
}

// noteLogin leaves the record of a token that was tried.
func noteLogin(source *Source, c *call) {
	record := &audit.ConsoleRecord{Action: "login", Status: http.StatusOK}
	if c.visitor == nil {
		record.Status = http.StatusUnauthorized
		record.Message = "it is no token of this console"
	}
	noteAct(source, c, record)
}

// noteForeign leaves the record of an action that a page of somebody else's has asked for, in
// the name of somebody who is known here.
func noteForeign(look func(now time.Time) *Source, c *call, name string) {
	if !words.Contains(actions, name) {
		return
	}
	c.visitor = visitorOf(c.console, c.r, c.now)
	if c.visitor != nil {
		noteAct(look(c.now), c, &audit.ConsoleRecord{Action: name, Status: http.StatusForbidden, Message: "another page has asked, or it was not in JSON"})
	}
}

// refuse answers that something is not done, and why, to somebody who is known. It leaves a record.
func refuse(source *Source, c *call, record *audit.ConsoleRecord, status int, why string) {
	record.Status = status
	record.Message = why
	noteAct(source, c, record)
	answerText(c.rw, status, why)
}

// done answers that something is done. It leaves a record.
func done(source *Source, c *call, record *audit.ConsoleRecord, answer any) {
	record.Status = http.StatusOK
	noteAct(source, c, record)
	answerJSON(c.rw, answer)
}
