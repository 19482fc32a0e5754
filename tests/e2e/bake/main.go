// bake-read FILE TARGET...: reads a bake file with buildx's own reader, as `docker buildx bake --print`
// does, makes build options of what the targets say, and prints the targets.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/docker/buildx/bake"
)

func read(name string, wanted []string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	files := []bake.File{{Name: name, Data: data}}
	targets, groups, err := bake.ReadTargets(context.Background(), files, wanted, nil, nil)
	if err != nil {
		return err
	}
	if _, err := bake.TargetsToBuildOpt(targets, nil); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"target": targets, "group": groups})
}

func main() {
	if err := read(os.Args[1], os.Args[2:]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
