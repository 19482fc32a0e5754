#!/bin/sh
# manpage.sh RAMEKIN PAGE.scd: the page as roff, with the tables that the program has of itself in
# place of the lines @OPTIONS@, @COMMANDS@, @FINDINGS@, @STAGES@ and @KEYS@.
set -eu
ramekin=$1 page=$2
name=$(basename "$page" .scd)
command=${name%.*}
command=${command#ramekin-}
while IFS= read -r line; do
  case $line in
  @OPTIONS@) "$ramekin" help --scdoc "$command" ;;
  @COMMANDS@) "$ramekin" help --scdoc ;;
  @FINDINGS@) "$ramekin" help --scdoc findings ;;
  @STAGES@) "$ramekin" help --scdoc stages ;;
  @KEYS@) "$ramekin" help --scdoc recipe ;;
  *) printf '%s\n' "$line" ;;
  esac
done <"$page" | scdoc
