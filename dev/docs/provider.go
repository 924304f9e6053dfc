package main

// provider is a file of catalogue/, named by the slug that users write. Its fields are
// what contributors see in their editors: the schema is made of them.
type provider struct {
	// Name is what people call the sender. Required.
	Name string `json:"name"`

	// Remark is what an operator has to know, in whole sentences.
	Remark string `json:"remark"`

	// Source is where the scheme is documented, or who has confirmed it. Required.
	Source string `json:"source"`

	// Confidence is `official` where the provider's documentation or its own code was
	// read, `vector` where a published delivery was computed again, and `secondary`
	// where others verify it so. Required.
	Confidence string `json:"confidence"`

	// Retries are what the provider does after a failed delivery, and whether its
	// attempts share their id. Left out where no source says it.
	Retries string `json:"retries"`

	// RetriesFor is how long the provider repeats a failed delivery with the timestamp
	// of the first attempt, such as `8h`. Where `replay` is on, the default tolerance
	// covers that; where not, the gate warns.
	RetriesFor string `json:"retriesFor" yaml:"retriesFor"`

	// Alike says that different events may be equal to the byte, so that `replay` would
	// lose some: it is a mistake then.
	Alike bool `json:"alike"`

	// WaitsFor is how long the provider waits for an answer, such as `3s`. The default of
	// `delivery.timeout` stays below it. Left out where no source says it.
	WaitsFor string `json:"waitsFor" yaml:"waitsFor"`

	// ReadsAnswer says that the provider does something with the body of the backend's
	// answer: `delivery.mode: accept` is a mistake then.
	ReadsAnswer bool `json:"readsAnswer" yaml:"readsAnswer"`

	// Bare says that the provider takes no answer with a body. The gate then refuses
	// without the words that it has otherwise.
	Bare bool `json:"bare"`

	// Answer is what the provider needs of an answer, such as a time or a status. Left
	// out where no source says it.
	Answer string `json:"answer"`

	// Vectors is the directory of published deliveries that a test holds the row
	// against, such as `testdata/vectors/github`.
	Vectors string `json:"vectors"`

	// Like is the slug of a provider with the same scheme. Its options are laid under
	// this file's, without `alternatives`.
	Like string `json:"like"`

	// Options are the scheme, in the words of a user's configuration.
	Options map[string]any `json:"options"`

	// Ranges is the list that the provider publishes of the addresses which its
	// webhooks come from. Left out where there is none that a program can read, or none
	// that the provider says that of.
	Ranges map[string]any `json:"ranges"`
}
