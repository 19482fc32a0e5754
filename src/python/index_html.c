#include "python/index_html.h"

#include <string.h>

enum {
    MAX_ENTITY_CHARS = 10,
};

typedef struct {
    const char *name;
    guint16 code;
    bool bare; /* may stand without its semicolon (the Latin-1 names) */
} Entity;

/* In byte order of the names. */
/* clang-format off */
static const Entity ENTITIES[] = {
#define L(name, code) {#name, code, true},
#define E(name, code) {#name, code, false},
    L(AElig, 198) L(AMP, 38) L(Aacute, 193) L(Acirc, 194) L(Agrave, 192) E(Alpha, 913) L(Aring, 197) L(Atilde, 195)
    L(Auml, 196) E(Beta, 914) L(COPY, 169) L(Ccedil, 199) E(Chi, 935) E(Dagger, 8225) E(Delta, 916) L(ETH, 208)
    L(Eacute, 201) L(Ecirc, 202) L(Egrave, 200) E(Epsilon, 917) E(Eta, 919) L(Euml, 203) L(GT, 62) E(Gamma, 915)
    L(Iacute, 205) L(Icirc, 206) L(Igrave, 204) E(Iota, 921) L(Iuml, 207) E(Kappa, 922) L(LT, 60) E(Lambda, 923)
    E(Mu, 924) L(Ntilde, 209) E(Nu, 925) E(OElig, 338) L(Oacute, 211) L(Ocirc, 212) L(Ograve, 210) E(Omega, 937)
    E(Omicron, 927) L(Oslash, 216) L(Otilde, 213) L(Ouml, 214) E(Phi, 934) E(Pi, 928) E(Prime, 8243) E(Psi, 936)
    L(QUOT, 34) L(REG, 174) E(Rho, 929) E(Scaron, 352) E(Sigma, 931) L(THORN, 222) E(Tau, 932) E(Theta, 920)
    L(Uacute, 218) L(Ucirc, 219) L(Ugrave, 217) E(Upsilon, 933) L(Uuml, 220) E(Xi, 926) L(Yacute, 221) E(Yuml, 376)
    E(Zeta, 918) L(aacute, 225) L(acirc, 226) L(acute, 180) L(aelig, 230) L(agrave, 224) E(alefsym, 8501)
    E(alpha, 945) L(amp, 38) E(and, 8743) E(ang, 8736) E(apos, 39) L(aring, 229) E(asymp, 8776) L(atilde, 227)
    L(auml, 228) E(bdquo, 8222) E(beta, 946) L(brvbar, 166) E(bull, 8226) E(cap, 8745) L(ccedil, 231) L(cedil, 184)
    L(cent, 162) E(chi, 967) E(circ, 710) E(clubs, 9827) E(cong, 8773) L(copy, 169) E(crarr, 8629) E(cup, 8746)
    L(curren, 164) E(dArr, 8659) E(dagger, 8224) E(darr, 8595) L(deg, 176) E(delta, 948) E(diams, 9830)
    L(divide, 247) L(eacute, 233) L(ecirc, 234) L(egrave, 232) E(empty, 8709) E(emsp, 8195) E(ensp, 8194)
    E(epsilon, 949) E(equiv, 8801) E(eta, 951) L(eth, 240) L(euml, 235) E(euro, 8364) E(exist, 8707) E(fnof, 402)
    E(forall, 8704) L(frac12, 189) L(frac14, 188) L(frac34, 190) E(frasl, 8260) E(gamma, 947) E(ge, 8805) L(gt, 62)
    E(hArr, 8660) E(harr, 8596) E(hearts, 9829) E(hellip, 8230) L(iacute, 237) L(icirc, 238) L(iexcl, 161)
    L(igrave, 236) E(image, 8465) E(infin, 8734) E(int, 8747) E(iota, 953) L(iquest, 191) E(isin, 8712) L(iuml, 239)
    E(kappa, 954) E(lArr, 8656) E(lambda, 955) E(lang, 10216) L(laquo, 171) E(larr, 8592) E(lceil, 8968)
    E(ldquo, 8220) E(le, 8804) E(lfloor, 8970) E(lowast, 8727) E(loz, 9674) E(lrm, 8206) E(lsaquo, 8249)
    E(lsquo, 8216) L(lt, 60) L(macr, 175) E(mdash, 8212) L(micro, 181) L(middot, 183) E(minus, 8722) E(mu, 956)
    E(nabla, 8711) L(nbsp, 160) E(ndash, 8211) E(ne, 8800) E(ni, 8715) L(not, 172) E(notin, 8713) E(nsub, 8836)
    L(ntilde, 241) E(nu, 957) L(oacute, 243) L(ocirc, 244) E(oelig, 339) L(ograve, 242) E(oline, 8254) E(omega, 969)
    E(omicron, 959) E(oplus, 8853) E(or, 8744) L(ordf, 170) L(ordm, 186) L(oslash, 248) L(otilde, 245)
    E(otimes, 8855) L(ouml, 246) L(para, 182) E(part, 8706) E(permil, 8240) E(perp, 8869) E(phi, 966) E(pi, 960)
    E(piv, 982) L(plusmn, 177) L(pound, 163) E(prime, 8242) E(prod, 8719) E(prop, 8733) E(psi, 968) L(quot, 34)
    E(rArr, 8658) E(radic, 8730) E(rang, 10217) L(raquo, 187) E(rarr, 8594) E(rceil, 8969) E(rdquo, 8221)
    E(real, 8476) L(reg, 174) E(rfloor, 8971) E(rho, 961) E(rlm, 8207) E(rsaquo, 8250) E(rsquo, 8217)
    E(sbquo, 8218) E(scaron, 353) E(sdot, 8901) L(sect, 167) L(shy, 173) E(sigma, 963) E(sigmaf, 962) E(sim, 8764)
    E(spades, 9824) E(sub, 8834) E(sube, 8838) E(sum, 8721) E(sup, 8835) L(sup1, 185) L(sup2, 178) L(sup3, 179)
    E(supe, 8839) L(szlig, 223) E(tau, 964) E(there4, 8756) E(theta, 952) E(thetasym, 977) E(thinsp, 8201)
    L(thorn, 254) E(tilde, 732) L(times, 215) E(trade, 8482) E(uArr, 8657) L(uacute, 250) E(uarr, 8593) L(ucirc, 251)
    L(ugrave, 249) L(uml, 168) E(upsih, 978) E(upsilon, 965) L(uuml, 252) E(weierp, 8472) E(xi, 958) L(yacute, 253)
    L(yen, 165) L(yuml, 255) E(zeta, 950) E(zwj, 8205) E(zwnj, 8204)
#undef L
#undef E
};

/* What the numbers 128–159 stand for: Windows-1252, where it has a character (§13.2.5.84). */
static const guint16 WINDOWS[32] = {
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
    0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
};
/* clang-format on */

void html_reader_init(HtmlReader *reader, const char *text, size_t length)
{
    *reader = (HtmlReader){.at = text, .end = text + length};
}

bool html_name_is(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && g_ascii_strncasecmp(text, name, length) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static bool ends_name(char c)
{
    return is_blank(c) || c == '/' || c == '>';
}

static bool starts_with(const HtmlReader *reader, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(reader->end - reader->at) >= length && memcmp(reader->at, text, length) == 0;
}

/* Moves behind the next `mark` that is at least `skip` bytes ahead; to the end when there is none.
 */
static void skip_past(HtmlReader *reader, size_t skip, const char *mark)
{
    size_t left = (size_t)(reader->end - reader->at);
    const char *found =
        skip <= left ? memmem(reader->at + skip, left - skip, mark, strlen(mark)) : NULL;
    reader->at = found ? found + strlen(mark) : reader->end;
}

/* A comment ends with "-->" or "--!>"; "<!-->" and "<!--->" are whole ones. */
static void skip_comment(HtmlReader *reader)
{
    reader->at += 4;
    if (starts_with(reader, ">") || starts_with(reader, "->")) {
        skip_past(reader, 0, ">");
        return;
    }
    for (;;) {
        skip_past(reader, 0, "--");
        if (reader->at == reader->end)
            return;
        if (starts_with(reader, ">") || starts_with(reader, "!>")) {
            skip_past(reader, 0, ">");
            return;
        }
        reader->at--; /* "--->": the second dash may begin the end */
    }
}

/* Elements whose content holds no tags. */
static void note_raw_text(HtmlReader *reader, const char *name, size_t length)
{
    if (length < 3)
        return;
    static const char *const elements[] = {"script", "style",  "textarea", "title",
                                           "xmp",    "iframe", "noembed",  "noframes"};
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        if (html_name_is(name, length, elements[i]))
            g_strlcpy(reader->raw, elements[i], sizeof reader->raw);
    }
}

/* Moves to the "</name" that ends the raw text, or to the end. */
static void skip_raw_text(HtmlReader *reader)
{
    size_t length = strlen(reader->raw);
    for (;;) {
        skip_past(reader, 0, "</");
        size_t left = (size_t)(reader->end - reader->at);
        if (left <= length) {
            reader->at = reader->end;
            break;
        }
        if (html_name_is(reader->at, length, reader->raw) && ends_name(reader->at[length])) {
            reader->at -= 2;
            break;
        }
    }
    reader->raw[0] = '\0';
}

static void skip_end_tag(HtmlReader *reader)
{
    HtmlAttribute ignored;
    bool named = reader->end - reader->at > 2 && g_ascii_isalpha(reader->at[2]);
    if (!named) {
        skip_past(reader, 2, ">");
        return;
    }
    reader->at += 2;
    while (reader->at < reader->end && !ends_name(*reader->at))
        reader->at++;
    while (html_next_attribute(reader, &ignored) == HTML_ATTRIBUTE)
        ;
}

/* Everything that begins with '<' and is no start tag. */
static void skip_markup(HtmlReader *reader)
{
    if (starts_with(reader, "<!--"))
        skip_comment(reader);
    else if (starts_with(reader, "<![CDATA["))
        skip_past(reader, 9, "]]>");
    else if (starts_with(reader, "<!") || starts_with(reader, "<?"))
        skip_past(reader, 2, ">");
    else if (starts_with(reader, "</"))
        skip_end_tag(reader);
    else
        reader->at++;
}

static bool finish_tag(HtmlReader *reader)
{
    HtmlAttribute ignored;
    HtmlStep step = HTML_TAG_END;
    while (reader->in_tag && (step = html_next_attribute(reader, &ignored)) == HTML_ATTRIBUTE)
        ;
    reader->in_tag = false;
    return step != HTML_BROKEN;
}

bool html_next_tag(HtmlReader *reader, const char **ret_name, size_t *ret_length)
{
    if (!finish_tag(reader))
        return false;
    if (reader->raw[0])
        skip_raw_text(reader);
    for (;;) {
        const char *open = reader->at < reader->end
                               ? memchr(reader->at, '<', (size_t)(reader->end - reader->at))
                               : NULL;
        if (!open)
            return false;
        reader->at = open;
        if (reader->end - open < 2)
            return false;
        if (g_ascii_isalpha(open[1]))
            break;
        skip_markup(reader);
    }
    const char *name = ++reader->at;
    while (reader->at < reader->end && !ends_name(*reader->at))
        reader->at++;
    reader->in_tag = true;
    *ret_name = name;
    *ret_length = (size_t)(reader->at - name);
    note_raw_text(reader, *ret_name, *ret_length);
    return true;
}

static HtmlStep broken(HtmlReader *reader)
{
    reader->at = reader->end;
    reader->in_tag = false;
    reader->raw[0] = '\0';
    return HTML_BROKEN;
}

static HtmlStep read_value(HtmlReader *reader, HtmlAttribute *attribute)
{
    const char *at = reader->at;
    while (at < reader->end && is_blank(*at))
        at++;
    if (at == reader->end)
        return broken(reader);
    char quote = *at;
    if (quote == '"' || quote == '\'') {
        const char *close = memchr(at + 1, quote, (size_t)(reader->end - at - 1));
        if (!close)
            return broken(reader);
        attribute->value = at + 1;
        attribute->value_length = (size_t)(close - at - 1);
        reader->at = close + 1;
        return HTML_ATTRIBUTE;
    }
    attribute->value = at;
    while (at < reader->end && !is_blank(*at) && *at != '>')
        at++;
    attribute->value_length = (size_t)(at - attribute->value);
    reader->at = at;
    return at == reader->end ? broken(reader) : HTML_ATTRIBUTE;
}

HtmlStep html_next_attribute(HtmlReader *reader, HtmlAttribute *ret_attribute)
{
    const char *at = reader->at;
    while (at < reader->end && (is_blank(*at) || *at == '/'))
        at++;
    if (at == reader->end)
        return broken(reader);
    if (*at == '>') {
        reader->at = at + 1;
        reader->in_tag = false;
        return HTML_TAG_END;
    }
    HtmlAttribute attribute = {.name = at};
    at++;
    while (at < reader->end && !ends_name(*at) && *at != '=')
        at++;
    attribute.name_length = (size_t)(at - attribute.name);
    const char *behind = at;
    while (at < reader->end && is_blank(*at))
        at++;
    bool valued = at < reader->end && *at == '=';
    reader->at = valued ? at + 1 : behind;
    if (valued && read_value(reader, &attribute) == HTML_BROKEN)
        return HTML_BROKEN;
    *ret_attribute = attribute;
    return HTML_ATTRIBUTE;
}

static void append_code(GString *out, guint32 code)
{
    if (code >= 128 && code < 160)
        code = WINDOWS[code - 128];
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = 0xfffd;
    g_string_append_unichar(out, code);
}

/* "&#123;" and "&#x7b;", the semicolon may lack; returns the length read, 0: it is none. */
static size_t decode_number(GString *out, const char *text, size_t length)
{
    size_t at = 2;
    bool hexadecimal = length > 2 && (text[2] == 'x' || text[2] == 'X');
    if (hexadecimal)
        at++;
    size_t digits = at;
    guint32 code = 0;
    for (; at < length; at++) {
        int digit = hexadecimal ? g_ascii_xdigit_value(text[at]) : g_ascii_digit_value(text[at]);
        if (digit < 0)
            break;
        code = MIN(code * (hexadecimal ? 16 : 10) + (guint32)digit, 0x110000);
    }
    if (at == digits)
        return 0;
    append_code(out, code);
    return at < length && text[at] == ';' ? at + 1 : at;
}

static const Entity *find_entity(const char *name, size_t length)
{
    size_t low = 0, high = G_N_ELEMENTS(ENTITIES);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncmp(ENTITIES[middle].name, name, length);
        if (order == 0 && ENTITIES[middle].name[length] == '\0')
            return &ENTITIES[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A name without its semicolon counts only if it is a Latin-1 one and no letter, digit or '='
 * follows (§13.2.5.73: "for historical reasons", so that queries in links survive). */
static size_t decode_name(GString *out, const char *text, size_t length)
{
    size_t end = 1;
    while (end < length && end <= MAX_ENTITY_CHARS && g_ascii_isalnum(text[end]))
        end++;
    const Entity *entity = find_entity(text + 1, end - 1);
    bool closed = end < length && text[end] == ';';
    bool followed = end < length && (g_ascii_isalnum(text[end]) || text[end] == '=');
    if (!entity || end == 1 || (!closed && (!entity->bare || followed)))
        return 0;
    append_code(out, entity->code);
    return closed ? end + 1 : end;
}

void html_decode_value(GString *out, const char *value, size_t length)
{
    while (length > 0) {
        const char *mark = memchr(value, '&', length);
        size_t plain = mark ? (size_t)(mark - value) : length;
        g_string_append_len(out, value, (gssize)plain);
        value += plain;
        length -= plain;
        if (length == 0)
            return;
        size_t used = length > 1 && value[1] == '#' ? decode_number(out, value, length)
                                                    : decode_name(out, value, length);
        if (used == 0) {
            g_string_append_c(out, '&');
            used = 1;
        }
        value += used;
        length -= used;
    }
}
