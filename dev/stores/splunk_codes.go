package stores

import (
	"encoding/json"
	"net/http"
)

// splunkCodes is the table of "Troubleshoot HTTP Event Collector".
var splunkCodes = map[int]struct {
	status int
	text   string
}{
	0:  {http.StatusOK, "Success"},
	1:  {http.StatusForbidden, "Token disabled"},
	2:  {http.StatusUnauthorized, "Token is required"},
	3:  {http.StatusUnauthorized, "Invalid authorization"},
	4:  {http.StatusForbidden, "Invalid token"},
	5:  {http.StatusBadRequest, "No data"},
	6:  {http.StatusBadRequest, "Invalid data format"},
	7:  {http.StatusBadRequest, "Incorrect index"},
	8:  {http.StatusInternalServerError, "Internal server error"},
	9:  {http.StatusServiceUnavailable, "Server is busy"},
	10: {http.StatusBadRequest, "Data channel is missing"},
	11: {http.StatusBadRequest, "Invalid data channel"},
	12: {http.StatusBadRequest, "Event field is required"},
	13: {http.StatusBadRequest, "Event field cannot be blank"},
	14: {http.StatusBadRequest, "ACK is disabled"},
	15: {http.StatusBadRequest, "Error in handling indexed fields"},
	16: {http.StatusBadRequest, "Query string authorization is not enabled"},
	17: {http.StatusOK, "HEC is healthy"},
	18: {http.StatusServiceUnavailable, "HEC is unhealthy, queues are full"},
	21: {http.StatusBadRequest, "Invalid token"},
	22: {http.StatusBadRequest, "Token disabled"},
	23: {http.StatusServiceUnavailable, "Server is shutting down"},
	24: {http.StatusOK, "HEC queue is approaching its capacity limit"},
	25: {http.StatusOK, "HEC ACK is approaching its capacity limit"},
	26: {http.StatusTooManyRequests, "HEC queue is at capacity and cannot process any more requests"},
	27: {http.StatusTooManyRequests, "HEC ACK channel is at capacity and cannot process any more requests"},
}

// reply answers with a code, and with the number of the event that it is about,
// counted from 0, if that is not less than 0.
func reply(rw http.ResponseWriter, code, invalid int) {
	body := map[string]any{"text": splunkCodes[code].text, "code": code}
	if invalid >= 0 {
		body["invalid-event-number"] = invalid
	}
	send(rw, splunkCodes[code].status, body)
}

func send(rw http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // maps of strings, numbers and booleans
	}
	rw.Header().Set("Content-Type", "application/json; charset=UTF-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(text)
}
