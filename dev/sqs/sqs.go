// Package sqs runs an emulator of Amazon SQS on loopback for tests, npm's fauxqs, and reads
// its queues with AWS' own SDK. The emulator checks no signatures.
package sqs

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/npm"
)

// The credentials and the region of all queues.
const (
	AccessKeyID     = "AKIDEXAMPLEEXAMPLE"
	SecretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	Region          = "us-east-1"
)

// Server is an emulator that runs.
type Server struct {
	*npm.Process
	Client *sqs.Client
}

// Start runs an emulator. Stop ends it.
func Start() (*Server, error) {
	root, err := gateway.Root()
	if err != nil {
		return nil, err
	}
	process, err := npm.Start(filepath.Join(root, "dev", "sqs"), "server.mjs")
	if err != nil {
		return nil, err
	}
	s := &Server{Process: process}
	s.Client = sqs.New(sqs.Options{
		Region: Region, BaseEndpoint: aws.String(s.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey}, nil
		}),
	})
	return s, nil
}

// Queue makes a queue, and returns its URL, whose host is no host of this machine's. One whose name ends in .fifo is FIFO.
func (s *Server) Queue(name string, attributes map[string]string) (string, error) {
	given := map[string]string{}
	for key, value := range attributes {
		given[key] = value
	}
	if strings.HasSuffix(name, ".fifo") {
		given["FifoQueue"] = "true"
	}
	made, err := s.Client.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: given})
	if err != nil {
		return "", err
	}
	return *made.QueueUrl, nil
}

// Receive takes what there is out of a queue, up to ten messages, in order.
func (s *Server) Receive(url string) ([]types.Message, error) {
	ctx := context.Background()
	got, err := s.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(url), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		return nil, err
	}
	for i := range got.Messages {
		_, err = s.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(url), ReceiptHandle: got.Messages[i].ReceiptHandle})
		if err != nil {
			return nil, err
		}
	}
	return got.Messages, nil
}
