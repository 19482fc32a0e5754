// Opens eStargz layers with the library that lazy pullers use, verifies the table of contents
// against its digest and every chunk against the table, and prints name, size and sha256 of every
// file.
//
//	estargz LAYER TOC_DIGEST
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

type file struct {
	name  string
	entry *estargz.TOCEntry
}

func walk(folder *estargz.TOCEntry, path string, files *[]file) {
	folder.ForeachChild(func(base string, entry *estargz.TOCEntry) bool {
		name := path + base
		if entry.Type == "dir" {
			walk(entry, name+"/", files)
		} else if entry.Type == "reg" {
			*files = append(*files, file{name, entry})
		}
		return true
	})
}

func check(layer *estargz.Reader, verifier estargz.TOCEntryVerifier, file file) (string, error) {
	content, err := layer.OpenFile(file.name)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for at := int64(0); at < file.entry.Size; {
		chunk, found := layer.ChunkEntryForOffset(file.name, at)
		if !found || chunk.ChunkOffset != at {
			return "", fmt.Errorf("no chunk begins at %d", at)
		}
		verify, err := verifier.Verifier(chunk)
		if err != nil {
			return "", err
		}
		// at once: each call inflates the chunk from its start
		data := make([]byte, chunk.ChunkSize)
		if _, err := content.ReadAt(data, at); err != nil {
			return "", err
		}
		verify.Write(data)
		if !verify.Verified() {
			return "", fmt.Errorf("chunk at %d is not what the table says", at)
		}
		hash.Write(data)
		at += chunk.ChunkSize
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

func run(path, toc string) error {
	stream, err := os.Open(path)
	if err != nil {
		return err
	}
	status, err := stream.Stat()
	if err != nil {
		return err
	}
	layer, err := estargz.Open(io.NewSectionReader(stream, 0, status.Size()))
	if err != nil {
		return err
	}
	verifier, err := layer.VerifyTOC(digest.Digest("sha256:" + toc))
	if err != nil {
		return err
	}
	root, found := layer.Lookup("")
	if !found {
		return fmt.Errorf("there is no root")
	}
	var files []file
	walk(root, "", &files)
	sort.Slice(files, func(i, j int) bool { return files[i].name < files[j].name })
	for _, file := range files {
		sum, err := check(layer, verifier, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file.name, err)
		}
		fmt.Println(file.name, file.entry.Size, sum)
	}
	return nil
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
