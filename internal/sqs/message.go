package sqs

import (
	"bytes"
	"crypto/md5" // SQS answers with it: it guards against nobody
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	// MaxSize is how large a message may be, with its attributes, in bytes. A queue may
	// have a lower bound of its own: see Answer.TooLarge.
	MaxSize = 1 << 20

	// Target and ContentType are headers of each request.
	Target      = "AmazonSQS.SendMessage"
	ContentType = "application/x-amz-json-1.0"

	textType = "String"
)

// Message is what is sent. Its texts and those of its attributes, up to ten, are such as Fits
// allows, and none is empty.
type Message struct {
	QueueURL   string
	Body       string
	Attributes map[string]string

	// Group and Deduplication are for queues whose name ends in .fifo: messages of a group
	// keep their order, and of those with the same Deduplication within five minutes SQS
	// keeps one.
	Group         string
	Deduplication string
}

// controls are the ASCII characters that no text may have.
const controls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"

// Fits says whether SQS keeps a text as it is: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to
// #xFFFD | #x10000 to #x10FFFF, in UTF-8, and something. Others it refuses, or replaces
// without a word.
func Fits(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsAny(text, controls) && !strings.Contains(text, "\ufffe") && !strings.Contains(text, "\uffff")
}

var fitsGroup = regexp.MustCompile(`^[!-~]{1,128}$`)

// FitsGroup says whether a text can be a Group or a Deduplication.
func FitsGroup(text string) bool { return fitsGroup.MatchString(text) }

// Size returns what counts of a message, in bytes.
func Size(m *Message) int {
	size := len(m.Body)
	for name, value := range m.Attributes {
		size += len(name) + len(textType) + len(value)
	}
	return size
}

type attribute struct {
	DataType    string
	StringValue string
}

type sendMessage struct {
	QueueURL      string               `json:"QueueUrl"`
	Body          string               `json:"MessageBody"`
	Attributes    map[string]attribute `json:"MessageAttributes,omitempty"`
	Group         string               `json:"MessageGroupId,omitempty"`
	Deduplication string               `json:"MessageDeduplicationId,omitempty"`
}

// Encode returns the body of the request for a message.
func Encode(m *Message) ([]byte, error) {
	r := &sendMessage{QueueURL: m.QueueURL, Body: m.Body, Group: m.Group, Deduplication: m.Deduplication, Attributes: map[string]attribute{}}
	for name, value := range m.Attributes {
		r.Attributes[name] = attribute{DataType: textType, StringValue: value}
	}
	b := &bytes.Buffer{}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(r)
	return b.Bytes(), err
}

// Answer is what SQS has answered to a message.
type Answer struct {
	Taken    bool
	Altered  bool   // it was taken, and is another one there
	Code     string // of an error; empty where it is none of SQS'
	TooLarge bool   // for this queue
	Refused  bool   // this message will not be taken, and another may be
}

type reply struct {
	MessageID  string `json:"MessageId"`
	Body       string `json:"MD5OfMessageBody"`
	Attributes string `json:"MD5OfMessageAttributes"`
	Type       string `json:"__type"`
	Message    string `json:"message"`
}

// ofTheMessage are errors for which a message is to blame. All others are of the queue, of
// the credentials, or pass.
var ofTheMessage = map[string]bool{
	"InvalidMessageContents": true, "InvalidParameterValue": true, "InvalidParameterValueException": true,
	"InvalidParameterCombination": true, "MissingParameter": true, "InvalidAttributeValue": true, "SerializationException": true,
}

var isCode = regexp.MustCompile(`^[A-Za-z0-9._]{1,100}$`)

// Read reads an answer.
func Read(m *Message, status int, body []byte) *Answer {
	r := reply{}
	if json.Unmarshal(body, &r) != nil {
		return &Answer{}
	}
	if status == 200 {
		if r.MessageID == "" {
			return &Answer{}
		}
		same := r.Body == hexMD5([]byte(m.Body)) && (len(m.Attributes) == 0 || r.Attributes == hexMD5(attributesOf(m)))
		return &Answer{Taken: same, Altered: !same}
	}
	code := r.Type[strings.LastIndexByte(r.Type, '#')+1:]
	if !isCode.MatchString(code) {
		return &Answer{}
	}
	a := &Answer{Code: code, Refused: status >= 400 && status <= 499 && ofTheMessage[code]}
	a.TooLarge = a.Refused && strings.Contains(r.Message, "shorter than")
	return a
}

// attributesOf writes attributes as their MD5 is made of.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
func attributesOf(m *Message) []byte {
	names := make([]string, 0, len(m.Attributes))
	for name := range m.Attributes {
		names = append(names, name)
	}
	sort.Strings(names)
	text := []byte{}
	for _, name := range names {
		text = appendText(text, name)
		text = appendText(text, textType)
		text = append(text, 1) // a text, and no bytes
		text = appendText(text, m.Attributes[name])
	}
	return text
}

func appendText(to []byte, text string) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(text)))
	return append(to, text...)
}

func hexMD5(text []byte) string {
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}
