package policy

import (
	"reflect"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
)

// No option that an output of the audit log has as well is lost on the way to it.
func TestAsOutput(t *testing.T) {
	o := config.DeadLetterOutputOptions{}
	fields := reflect.ValueOf(&o).Elem()
	for i := 0; i < fields.NumField(); i++ {
		switch field := fields.Field(i).Addr().Interface().(type) {
		case *string:
			*field = "a"
		case *int64:
			*field = 1
		case *time.Duration:
			*field = 1
		case *bool:
			*field = true
		case *[]string:
			*field = []string{"a"}
		case **config.TLSOptions:
			*field = &config.TLSOptions{}
		default:
			t.Fatalf("%T", field)
		}
	}
	made := reflect.ValueOf(asOutput(o))
	shared := 0
	for i := 0; i < fields.NumField(); i++ {
		name := fields.Type().Field(i).Name
		field := made.FieldByName(name)
		if !field.IsValid() {
			continue
		}
		shared++
		if !reflect.DeepEqual(field.Interface(), fields.Field(i).Interface()) {
			t.Errorf("%s is lost", name)
		}
	}
	if shared != 21 {
		t.Errorf("%d options are those of audit.outputs", shared)
	}
}
