/* How the two shells that install an environment write words, settings and calls: the POSIX shell
 * (IEEE 1003.1, "Shell Command Language") and PowerShell (its language specification 3.0 §2.3.5,
 * and the tokenizer, which takes the typographic quotes U+2018 to U+201B for quotes too). All texts
 * become literals: nothing in them is expanded. */
#pragma once

#include "base/error.h"

typedef enum {
    SHELL_POSIX,
    SHELL_POWERSHELL,
} ScriptShell;

/* The text as one literal, lines included; caller frees. */
char *script_word(ScriptShell shell, const char *text);
/* A comment of one line or several, each "# …" behind `indent`; what is no printable character of
 * one line is a blank, so that no text can end its comment. */
void script_comment(GString *out, const char *indent, const char *text);
/* "name='value'" or "$Name = 'value'", a line. `name` as the POSIX shell spells it. */
void script_setting(GString *out, ScriptShell shell, const char *name, const char *value);
/* "install 'list' '--option' …" or "Install-Locked 'list' @('--option', …)", a line. */
void script_call(GString *out, ScriptShell shell, const char *function, const char *first,
                 const GPtrArray *more);
/* Lines that write `text` to the file `path` (ASCII, with "/") below the folder of the script's
 * files. */
void script_file(GString *out, ScriptShell shell, const char *path, const char *text);
/* The template with what stands between the line "#@NAME" (blanks before it) and the next "#@end"
 * replaced, both lines included. The part must be there. */
char *script_replace(const char *template, const char *name, const char *text);
