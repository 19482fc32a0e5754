#include "plan/accounts.h"

enum {
    ID_LEAST = 1000,
    ID_MOST = 60000,
    SUBORDINATE_LEAST = 100000,
    SUBORDINATE_COUNT = 65536,
};

const char *const account_paths[ACCOUNT_FILE_COUNT] = {
    [ACCOUNT_PASSWD] = "/etc/passwd", [ACCOUNT_GROUP] = "/etc/group",
    [ACCOUNT_SHADOW] = "/etc/shadow", [ACCOUNT_GSHADOW] = "/etc/gshadow",
    [ACCOUNT_SUBUID] = "/etc/subuid", [ACCOUNT_SUBGID] = "/etc/subgid",
};

/* Fields of a line that matter here. */
enum {
    FIELD_NAME,
    FIELD_PASSWORD,
    FIELD_NUMBER,
    FIELD_GROUP, /* of passwd; of group and gshadow: the members */
    FIELD_COUNT,
};

typedef struct {
    const char *start[FIELD_COUNT];
    size_t length[FIELD_COUNT];
} Line;

void accounts_free(Accounts *accounts)
{
    if (!accounts)
        return;
    for (guint i = 0; i < ACCOUNT_FILE_COUNT; i++)
        g_free(accounts->text[i]);
    g_free(accounts);
}

/* The line at *at, which moves behind it; false at the end. Fields that are missing are empty. */
static bool next_line(const char **at, Line *line)
{
    if (!*at || **at == '\0')
        return false;
    const char *end = *at + strcspn(*at, "\n");
    const char *field = *at;
    for (guint i = 0; i < FIELD_COUNT; i++) {
        size_t length = 0;
        while (field + length < end && field[length] != ':')
            length++;
        line->start[i] = field;
        line->length[i] = length;
        field += length + (field + length < end);
    }
    *at = *end ? end + 1 : end;
    return true;
}

static bool field_is(const Line *line, guint field, const char *text)
{
    return line->length[field] == strlen(text) &&
           memcmp(line->start[field], text, line->length[field]) == 0;
}

static bool field_number(const Line *line, guint field, guint64 *ret)
{
    if (line->length[field] == 0 || line->length[field] > 10)
        return false;
    guint64 value = 0;
    for (size_t i = 0; i < line->length[field]; i++) {
        char c = line->start[field][i];
        if (!g_ascii_isdigit(c))
            return false;
        value = value * 10 + (guint64)(c - '0');
    }
    *ret = value;
    return value <= G_MAXUINT32;
}

bool accounts_find_user(const Accounts *accounts, const char *name, guint64 *ret_uid,
                        guint64 *ret_gid)
{
    Line line;
    for (const char *at = accounts->text[ACCOUNT_PASSWD]; next_line(&at, &line);) {
        guint64 uid, gid;
        if (!field_is(&line, FIELD_NAME, name) || !field_number(&line, FIELD_NUMBER, &uid) ||
            !field_number(&line, FIELD_GROUP, &gid))
            continue;
        if (ret_uid)
            *ret_uid = uid;
        if (ret_gid)
            *ret_gid = gid;
        return true;
    }
    return false;
}

bool accounts_find_group(const Accounts *accounts, const char *name, guint64 *ret_gid)
{
    Line line;
    for (const char *at = accounts->text[ACCOUNT_GROUP]; next_line(&at, &line);) {
        guint64 gid;
        if (!field_is(&line, FIELD_NAME, name) || !field_number(&line, FIELD_NUMBER, &gid))
            continue;
        if (ret_gid)
            *ret_gid = gid;
        return true;
    }
    return false;
}

static bool has_number(const Accounts *accounts, AccountFile file, guint64 number)
{
    Line line;
    for (const char *at = accounts->text[file]; next_line(&at, &line);) {
        guint64 found;
        if (field_number(&line, FIELD_NUMBER, &found) && found == number)
            return true;
    }
    return false;
}

bool accounts_has_gid(const Accounts *accounts, guint64 gid)
{
    return has_number(accounts, ACCOUNT_GROUP, gid);
}

/* useradd's find_new_uid, groupadd's find_new_gid: one above the highest, else the lowest that is
 * free. ACCOUNT_ANY when there is none. */
static guint64 choose_number(const Accounts *accounts, AccountFile file)
{
    g_autofree bool *used = g_new0(bool, ID_MOST + 1);
    guint64 highest = ID_LEAST - 1;
    Line line;
    for (const char *at = accounts->text[file]; next_line(&at, &line);) {
        guint64 found;
        if (!field_number(&line, FIELD_NUMBER, &found) || found < ID_LEAST || found > ID_MOST)
            continue;
        used[found] = true;
        highest = MAX(highest, found);
    }
    if (highest < ID_MOST)
        return highest + 1;
    for (guint64 i = ID_LEAST; i <= ID_MOST; i++) {
        if (!used[i])
            return i;
    }
    return ACCOUNT_ANY;
}

static void append_line(Accounts *accounts, AccountFile file, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void append_line(Accounts *accounts, AccountFile file, const char *format, ...)
{
    char *old = accounts->text[file];
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    bool ends = !old || *old == '\0' || g_str_has_suffix(old, "\n");
    accounts->text[file] = g_strconcat(old ? old : "", ends ? "" : "\n", line, "\n", NULL);
    accounts->changed[file] = true;
    g_free(old);
}

gboolean accounts_add_group(Accounts *accounts, const char *name, guint64 gid, Span at,
                            GError **error)
{
    if (accounts_find_group(accounts, name, NULL))
        return error_set(error, ERROR_INPUT, at, "the image has a group '%s' already", name);
    if (gid != ACCOUNT_ANY && accounts_has_gid(accounts, gid))
        return error_set(error, ERROR_INPUT, at,
                         "the image has a group with the number %" G_GUINT64_FORMAT " already",
                         gid);
    guint64 number = gid != ACCOUNT_ANY ? gid : choose_number(accounts, ACCOUNT_GROUP);
    if (number == ACCOUNT_ANY)
        return error_set(error, ERROR_INPUT, at, "no number is left for the group '%s'", name);
    bool shadow = accounts->text[ACCOUNT_GSHADOW] != NULL;
    append_line(accounts, ACCOUNT_GROUP, "%s:%s:%" G_GUINT64_FORMAT ":", name, shadow ? "x" : "!",
                number);
    if (shadow)
        append_line(accounts, ACCOUNT_GSHADOW, "%s:!::", name);
    return TRUE;
}

static bool has_member(const Line *line, const char *user)
{
    g_autofree char *members = g_strndup(line->start[FIELD_GROUP], line->length[FIELD_GROUP]);
    g_auto(GStrv) names = g_strsplit(members, ",", -1);
    return g_strv_contains((const char *const *)names, user);
}

/* Of group and gshadow alike. */
static void add_member(Accounts *accounts, AccountFile file, const char *group, const char *user)
{
    Line line;
    for (const char *at = accounts->text[file]; next_line(&at, &line);) {
        if (!field_is(&line, FIELD_NAME, group))
            continue;
        if (has_member(&line, user))
            return;
        char *old = accounts->text[file];
        const char *end = line.start[FIELD_GROUP] + line.length[FIELD_GROUP];
        accounts->text[file] = g_strdup_printf("%.*s%s%s%s", (int)(end - old), old,
                                               line.length[FIELD_GROUP] > 0 ? "," : "", user, end);
        accounts->changed[file] = true;
        g_free(old);
        return;
    }
}

typedef struct {
    guint64 first, count;
} Subordinates;

static int compare_subordinates(const void *a, const void *b)
{
    guint64 x = ((const Subordinates *)a)->first, y = ((const Subordinates *)b)->first;
    return x < y ? -1 : x > y;
}

/* The first gap of SUBORDINATE_COUNT numbers; 0 when there is none. */
static guint64 free_range(const char *text)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(Subordinates));
    Line line;
    for (const char *at = text; next_line(&at, &line);) {
        Subordinates range;
        if (field_number(&line, FIELD_PASSWORD, &range.first) &&
            field_number(&line, FIELD_NUMBER, &range.count))
            g_array_append_val(ranges, range);
    }
    g_array_sort(ranges, compare_subordinates);
    guint64 start = SUBORDINATE_LEAST;
    for (guint i = 0; i < ranges->len; i++) {
        Subordinates range = g_array_index(ranges, Subordinates, i);
        if (range.first >= start + SUBORDINATE_COUNT)
            break;
        start = MAX(start, range.first + range.count);
    }
    return start <= G_MAXUINT32 - SUBORDINATE_COUNT ? start : 0;
}

static void add_subordinates(Accounts *accounts, AccountFile file, const char *name)
{
    guint64 start = accounts->text[file] ? free_range(accounts->text[file]) : 0;
    if (start)
        append_line(accounts, file, "%s:%" G_GUINT64_FORMAT ":%d", name, start, SUBORDINATE_COUNT);
}

/* The group of the user's name, with the user's number where that is free and an ordinary one. */
static gboolean add_own_group(Accounts *accounts, const NewAccount *account, guint64 uid,
                              guint64 *ret_gid, GError **error)
{
    bool same = uid >= ID_LEAST && uid <= ID_MOST && !accounts_has_gid(accounts, uid);
    if (!accounts_add_group(accounts, account->name, same ? uid : ACCOUNT_ANY, account->at,
                            error)) {
        if (error && accounts_find_group(accounts, account->name, NULL))
            error_set_hint(*error, "give its number as `gid`, or choose another name");
        return FALSE;
    }
    accounts_find_group(accounts, account->name, ret_gid);
    return TRUE;
}

gboolean accounts_add_user(Accounts *accounts, const NewAccount *account, guint64 *ret_uid,
                           guint64 *ret_gid, GError **error)
{
    const char *name = account->name;
    if (accounts_find_user(accounts, name, NULL, NULL))
        return error_set(error, ERROR_INPUT, account->at, "the image has a user '%s' already",
                         name);
    if (account->uid != ACCOUNT_ANY && has_number(accounts, ACCOUNT_PASSWD, account->uid))
        return error_set(error, ERROR_INPUT, account->at,
                         "the image has a user with the number %" G_GUINT64_FORMAT " already",
                         account->uid);
    guint64 uid =
        account->uid != ACCOUNT_ANY ? account->uid : choose_number(accounts, ACCOUNT_PASSWD);
    if (uid == ACCOUNT_ANY)
        return error_set(error, ERROR_INPUT, account->at, "no number is left for the user '%s'",
                         name);
    guint64 gid = account->gid;
    if (gid == ACCOUNT_ANY && !add_own_group(accounts, account, uid, &gid, error))
        return FALSE;
    bool shadow = accounts->text[ACCOUNT_SHADOW] != NULL;
    append_line(accounts, ACCOUNT_PASSWD,
                "%s:%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT "::%s:%s", name,
                shadow ? "x" : "!", uid, gid, account->home, account->shell);
    if (shadow)
        append_line(accounts, ACCOUNT_SHADOW, "%s:!::0:99999:7:::", name);
    for (guint i = 0; account->groups && account->groups[i]; i++) {
        add_member(accounts, ACCOUNT_GROUP, account->groups[i], name);
        add_member(accounts, ACCOUNT_GSHADOW, account->groups[i], name);
    }
    if (uid >= ID_LEAST && uid <= ID_MOST) {
        add_subordinates(accounts, ACCOUNT_SUBUID, name);
        add_subordinates(accounts, ACCOUNT_SUBGID, name);
    }
    *ret_uid = uid;
    *ret_gid = gid;
    return TRUE;
}

static bool parse_number(const char *text, guint64 *ret)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, ret, NULL);
}

static gboolean unknown_name(const char *what, const char *name, Span at, GError **error)
{
    error_set(error, ERROR_INPUT, at, "the image has no %s '%s' when this stage is reached", what,
              name);
    if (error)
        error_set_hint(*error, "give its number; what `user:` makes comes after all stages");
    return FALSE;
}

gboolean accounts_resolve_owner(const Accounts *accounts, const char *owner, Span at,
                                guint64 *ret_uid, guint64 *ret_gid, GError **error)
{
    const char *colon = strchr(owner, ':');
    g_autofree char *user = colon ? g_strndup(owner, (gsize)(colon - owner)) : g_strdup(owner);
    guint64 uid = 0, gid = 0;
    if (*user == '\0' || (colon && colon[1] == '\0'))
        return error_set(error, ERROR_INPUT, at, "'%s' is no owner: write uid:gid or names", owner);
    if (parse_number(user, &uid)) {
        gid = uid;
    } else if (!accounts_find_user(accounts, user, &uid, &gid)) {
        return unknown_name("user", user, at, error);
    }
    if (colon && !parse_number(colon + 1, &gid) && !accounts_find_group(accounts, colon + 1, &gid))
        return unknown_name("group", colon + 1, at, error);
    *ret_uid = uid;
    *ret_gid = gid;
    return TRUE;
}
