package main

import (
	"context"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{Use: "serve", RunE: func(cmd *cobra.Command, _ []string) error { return context.Canceled }}
}
