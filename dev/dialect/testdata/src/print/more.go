// Package print writes text.
package print

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

func bad() {
	fmt.Print("x")              // want `\[print\] fmt.Print: .*; write to os.Stdout or os.Stderr`
	fmt.Printf("x")             // want `\[print\] fmt.Printf`
	fmt.Println("x")            // want `\[print\] fmt.Println`
	log.Println("x")            // want `\[print\] log.Println`
	log.Fatalf("x")             // want `\[print\] log.Fatalf`
	log.Panic("x")              // want `\[print\] log.Panic`
	slog.Info("x")              // want `\[print\] slog.Info`
	slog.ErrorContext(nil, "x") // want `\[print\] slog.ErrorContext`
	slog.SetDefault(nil)        // want `\[print\] slog.SetDefault`
	slog.Default().Info("x")    // want `\[print\] slog.Default`
	print("x")                  // want `\[print\] print`
	println("x")                // want `\[print\] println`
	f := fmt.Println            // want `\[print\] fmt.Println`
	f()
}

func good(w io.Writer) {
	fmt.Fprintln(os.Stdout, "x")
	fmt.Fprint(w, fmt.Sprint("x"))
	os.Stderr.WriteString("x")
	l := log.New(os.Stderr, "", 0)
	l.Println("x")
	s := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	s.Info("x", slog.String("k", "v"))
	s.With("k", "v").Error("x")
	print := func(_ string) {}
	print("x")
}
