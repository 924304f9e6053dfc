package sqs

import (
	"reflect"
	"strings"
	"testing"
)

func TestFits(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, "\t\n\r": true, "\u00e4 \ud7ff \ue000 \ufffd \U00010000 \U0010ffff": true, "\x7f\u0085": true,
		"": false, "\x00": false, "a\x08": false, "\x0b": false, "\x0c": false, "\x0e": false, "\x1f": false, "\ufffe": false, "\uffff": false,
		"\xff": false, "\xed\xa0\x80": false, "\xc3": false,
	} {
		if Fits(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	if FitsGroup("") || FitsGroup("a b") || FitsGroup("\u00e4") || FitsGroup(strings.Repeat("a", 129)) || !FitsGroup("github-hooks@file") {
		t.Error("groups")
	}
}

func TestSize(t *testing.T) {
	if n := Size(&Message{Body: "12345", Attributes: map[string]string{"id": "123", "b": "\u00e4"}}); n != 5+2+6+3+1+6+2 {
		t.Error(n)
	}
}

func TestEncode(t *testing.T) {
	body, err := Encode(&Message{QueueURL: "https://q/1/a.fifo", Body: "<&>\u2028\"", Attributes: map[string]string{"id": "1"}, Group: "g", Deduplication: "d"})
	want := `{"QueueUrl":"https://q/1/a.fifo","MessageBody":"<&>\u2028\"","MessageAttributes":{"id":{"DataType":"String","StringValue":"1"}},"MessageGroupId":"g","MessageDeduplicationId":"d"}` + "\n"
	if string(body) != want || err != nil {
		t.Errorf("%s%v", body, err)
	}
	body, _ = Encode(&Message{QueueURL: "u", Body: "b"})
	if string(body) != `{"QueueUrl":"u","MessageBody":"b"}`+"\n" {
		t.Errorf("%s", body)
	}
}

// Only what is there as it was sent is taken; what is wrong with one message is told apart
// from what is wrong with the queue.
func TestRead(t *testing.T) {
	m := &Message{Body: "This is a test message", Attributes: map[string]string{"test_attribute_name_1": "test_attribute_value_1"}}
	body, attributes := "fafb00f5732ab283681e124bf8747ed1", hexMD5(attributesOf(m))
	for _, c := range []struct {
		status int
		text   string
		want   Answer
	}{
		{200, `{"MessageId":"1","MD5OfMessageBody":"` + body + `","MD5OfMessageAttributes":"` + attributes + `"}`, Answer{Taken: true}},
		{200, `{"MessageId":"1","MD5OfMessageBody":"` + body + `","MD5OfMessageAttributes":"` + body + `"}`, Answer{Altered: true}},
		{200, `{"MessageId":"1","MD5OfMessageBody":"` + attributes + `","MD5OfMessageAttributes":"` + attributes + `"}`, Answer{Altered: true}},
		{200, `{"MessageId":"1"}`, Answer{Altered: true}},
		{200, `{}`, Answer{}},
		{200, `<html>`, Answer{}},
		{200, ``, Answer{}},
		{400, `{"__type":"com.amazonaws.sqs#InvalidMessageContents","message":"x"}`, Answer{Code: "InvalidMessageContents", Refused: true}},
		{400, `{"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes."}`, Answer{Code: "InvalidParameterValueException", Refused: true, TooLarge: true}},
		{400, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"shorter than"}`, Answer{Code: "QueueDoesNotExist"}},
		{403, `{"__type":"AccessDenied"}`, Answer{Code: "AccessDenied"}},
		{503, `{"__type":"com.amazonaws.sqs#InvalidMessageContents"}`, Answer{Code: "InvalidMessageContents"}},
		{400, `{"__type":"a <b>"}`, Answer{}},
		{502, `bad gateway`, Answer{}},
	} {
		if got := Read(m, c.status, []byte(c.text)); !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%d %s: %+v", c.status, c.text, *got)
		}
	}
}
