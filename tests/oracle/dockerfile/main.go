// What BuildKit's own parser reads in Dockerfiles, and mvdan.cc/sh in shell scripts, in the form of
// dockerfile_driver.c.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"mvdan.cc/sh/v3/syntax"
)

type heredoc struct {
	Name    string `json:"name"`
	Fd      uint   `json:"fd"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type instruction struct {
	Name     string       `json:"name"`
	First    int          `json:"first"`
	Last     int          `json:"last"`
	Flags    []string     `json:"flags"`
	Words    []string     `json:"words"`
	Exec     bool         `json:"exec"`
	Heredocs []heredoc    `json:"heredocs"`
	Trigger  *instruction `json:"trigger"`
}

type result struct {
	File         string         `json:"file"`
	Refused      string         `json:"refused,omitempty"`
	Panic        bool           `json:"panic,omitempty"`
	Escape       string         `json:"escape,omitempty"`
	Instructions []*instruction `json:"instructions,omitempty"`
}

func convert(node *parser.Node) *instruction {
	out := &instruction{
		Name: strings.ToLower(node.Value), First: node.StartLine, Last: node.EndLine,
		Flags: append([]string{}, node.Flags...), Words: []string{}, Exec: node.Attributes["json"],
		Heredocs: []heredoc{},
	}
	pairs := out.Name == "env" || out.Name == "label"
	i := 0
	for n := node.Next; n != nil; n = n.Next {
		if len(n.Children) > 0 {
			out.Trigger = convert(n.Children[0])
			out.Trigger.First, out.Trigger.Last = out.First, out.Last
			continue
		}
		unknown := n.Value == "" && i == 0 && n.Next == nil && !out.Exec
		if (!pairs || i%3 != 2) && !unknown {
			out.Words = append(out.Words, n.Value)
		}
		i++
	}
	for _, h := range node.Heredocs {
		out.Heredocs = append(out.Heredocs, heredoc{h.Name, h.FileDescriptor, h.Expand, h.Chomp, h.Content})
	}
	return out
}

func refused(ast *parser.Node) error {
	for _, node := range ast.Children {
		if _, err := instructions.ParseInstruction(node); err != nil {
			return err
		}
	}
	return nil
}

func readFile(path string) (out *result) {
	out = &result{File: path}
	defer func() {
		if wrong := recover(); wrong != nil {
			out = &result{File: path, Panic: true}
		}
	}()
	text, err := os.ReadFile(path)
	if err != nil {
		out.Refused = err.Error()
		return out
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		out.Refused = err.Error()
		return out
	}
	if err := refused(parsed.AST); err != nil {
		out.Refused = err.Error()
	}
	out.Escape = string(parsed.EscapeToken)
	for _, node := range parsed.AST.Children {
		out.Instructions = append(out.Instructions, convert(node))
	}
	return out
}

type lexed struct {
	Text    string   `json:"text"`
	Refused bool     `json:"refused"`
	Result  *string  `json:"result,omitempty"`
	Words   []string `json:"words,omitempty"`
}

var environment = shell.EnvsFromSlice([]string{
	"NAME=value", "EMPTY=", "PATH=/usr/local/bin:/usr/bin:/bin", "BLANKS= two  words ",
	"FILE=a/b.tar.gz", "STAR=a*b?c",
})

type command struct {
	at          uint
	Assignments []string  `json:"assignments"`
	Words       []string  `json:"words"`
	Redirects   []*string `json:"redirects"`
}

type script struct {
	Text     string     `json:"text"`
	Refused  bool       `json:"refused"`
	Commands []*command `json:"commands"`
}

type node interface {
	Pos() syntax.Pos
	End() syntax.Pos
}

func slice(text string, n node) string {
	return text[n.Pos().Offset():n.End().Offset()]
}

func redirects(text string, list []*syntax.Redirect) []*string {
	out := []*string{}
	for _, r := range list {
		word := slice(text, r.Word)
		var body *string
		if r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc {
			content := ""
			if r.Hdoc != nil {
				content = slice(text, r.Hdoc)
			}
			content = content[:strings.LastIndexByte(content, '\n')+1]
			body = &content
		}
		out = append(out, &word, body)
	}
	return out
}

func readStatement(text string, stmt *syntax.Stmt) []*command {
	out := &command{Assignments: []string{}, Words: []string{}}
	switch cmd := stmt.Cmd.(type) {
	case nil:
		out.at = stmt.Redirs[0].Pos().Offset()
	case *syntax.CallExpr:
		for _, a := range cmd.Assigns {
			out.Assignments = append(out.Assignments, slice(text, a))
		}
		for _, w := range cmd.Args {
			out.Words = append(out.Words, slice(text, w))
		}
		out.at = cmd.Pos().Offset()
	case *syntax.DeclClause:
		out.Words = append(out.Words, cmd.Variant.Value)
		for _, a := range cmd.Args {
			out.Words = append(out.Words, slice(text, a))
		}
		out.at = cmd.Pos().Offset()
	default:
		list := []*command{}
		for _, r := range stmt.Redirs {
			list = append(list, &command{at: r.Pos().Offset(), Assignments: []string{}, Words: []string{},
				Redirects: redirects(text, []*syntax.Redirect{r})})
		}
		return list
	}
	if len(stmt.Redirs) > 0 && stmt.Redirs[0].Pos().Offset() < out.at {
		out.at = stmt.Redirs[0].Pos().Offset()
	}
	out.Redirects = redirects(text, stmt.Redirs)
	return []*command{out}
}

func readScript(text string) script {
	out := script{Text: text, Commands: []*command{}}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		out.Refused = true
		return out
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		if redirect, ok := n.(*syntax.Redirect); ok && redirect.Hdoc != nil {
			return false // commands in its lines are text to ramekin
		}
		if stmt, ok := n.(*syntax.Stmt); ok {
			out.Commands = append(out.Commands, readStatement(text, stmt)...)
		}
		return true
	})
	sort.SliceStable(out.Commands, func(i, k int) bool { return out.Commands[i].at < out.Commands[k].at })
	return out
}

func main() {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if os.Args[1] == "shell" {
		text, _ := io.ReadAll(os.Stdin)
		for _, one := range strings.Split(string(text), "\x1e") {
			_ = encoder.Encode(readScript(one))
		}
		return
	}
	if os.Args[1] == "lex" {
		scanner := bufio.NewScanner(os.Stdin)
		for scanner.Scan() {
			out := lexed{Text: scanner.Text()}
			word, err := shell.NewLex('\\').ProcessWordWithMatches(scanner.Text(), environment)
			if err != nil {
				out.Refused = true
			} else {
				out.Result, out.Words = &word.Result, word.Words
			}
			_ = encoder.Encode(out)
		}
		return
	}
	for _, path := range os.Args[2:] {
		_ = encoder.Encode(readFile(path))
	}
}
