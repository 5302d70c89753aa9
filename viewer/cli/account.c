/* signup and login: everything secret is made and opened here; the broker gets derived keys and sealed
 * bytes. docs/wire.md sections 2 to 4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel/identity/home.h"
#include "channel/link/rest.h"
#include "viewer/cli/cli.h"
#include "viewer/cli/prompt.h"

enum { PASSWORD_MIN = 8 /* characters */ };

enum { LETTER_PASSWORD = 0x100, LETTER_PIN, LETTER_NAME, LETTER_RECOVERY, LETTER_RECOVERY_FILE };

struct options {
    const char *url, *account, *password_file, *recovery_file, *pin, *name;
    bool recovery;
};

/* What both commands hold while they run; wiped at the end. */
struct work {
    struct options options;
    struct channel_endpoint endpoint;
    struct channel_rest *rest;
    struct channel_log *log;
    struct channel_keys root;
    char password[CLI_SECRET_MAX + 1];
    uint8_t auth[32], wrap[32];
    struct channel_rest_account signed_in;
    uint8_t entries[2][CHANNEL_LOG_ENTRY_MAX];
    size_t entry_lens[2];
};

static void work_finish(struct work *work)
{
    channel_rest_destroy(work->rest);
    channel_log_destroy(work->log);
    channel_rest_account_finish(&work->signed_in);
    channel_keys_wipe(&work->root);
    channel_crypto_wipe(work, sizeof *work);
    free(work);
}

static int exit_of_rest(int error)
{
    switch (error) {
    case CHANNEL_REST_ERR_OFFLINE:
    case CHANNEL_REST_ERR_BUSY:
        return CLI_OFFLINE;
    case CHANNEL_REST_ERR_TRUST:
    case CHANNEL_REST_ERR_FORMAT:
        return CLI_HOSTILE;
    case CHANNEL_REST_ERR_DENIED:
        return CLI_DENIED;
    case CHANNEL_REST_ERR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case CHANNEL_REST_ERR_CONFLICT:
        return CLI_EXISTS;
    default:
        return CLI_ERROR;
    }
}

static int rest_failed(struct work *work, int error)
{
    return cli_fail(exit_of_rest(error), "%s", channel_rest_message(work->rest));
}

static int hostile(const char *what)
{
    return cli_fail(
        CLI_HOSTILE, "%s Nothing was changed; do not trust this broker before you know why.", what);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int parse(
    struct cli *cli, const struct cli_command *command, int argc, char **argv, struct options *out)
{
    static const struct option own[] = {
        {"password-file", required_argument, NULL, LETTER_PASSWORD},
        {"pin", required_argument, NULL, LETTER_PIN},
        {"name", required_argument, NULL, LETTER_NAME},
        {"recovery", no_argument, NULL, LETTER_RECOVERY},
        {"recovery-file", required_argument, NULL, LETTER_RECOVERY_FILE},
        {0},
    };
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        switch (letter) {
        case LETTER_PASSWORD:
            out->password_file = optarg;
            break;
        case LETTER_PIN:
            out->pin = optarg;
            break;
        case LETTER_NAME:
            out->name = optarg;
            break;
        case LETTER_RECOVERY_FILE:
            out->recovery_file = optarg;
            out->recovery = true;
            break;
        case LETTER_RECOVERY:
            out->recovery = true;
            break;
        default:
            return letter == 'h' ? -1 : CLI_USAGE;
        }
    }
    if (!cli_arguments(command, argc, 2)) {
        return CLI_USAGE;
    }
    out->url = argv[optind];
    out->account = argv[optind + 1];
    return CLI_OK;
}

/* Home with keys, not signed in yet unless again; the broker's address understood. */
static int prepare(struct cli *cli, struct work *work, bool again)
{
    const char *why = NULL;
    if (channel_endpoint_parse(&work->endpoint, work->options.url, work->options.pin, cli->insecure, &why) !=
        0) {
        return cli_fail(CLI_USAGE, "%s", why);
    }
    if (!work->endpoint.tls && cli->insecure) {
        (void)fprintf(stderr,
            "hearth: without TLS, what you do stays sealed, but names, times and the sign-in "
            "can be read on the way.\n");
    }
    const int home = cli_open_home(cli, false);
    if (home != CLI_OK) {
        return home;
    }
    if (channel_home_enrolled(cli->home) && !again) {
        return cli_fail(CLI_EXISTS,
            "This program is signed in as %s on %s already. Use another --home for another account.",
            channel_home_account(cli->home), channel_home_broker(cli->home));
    }
    if (channel_home_make_keys(cli->home) != 0) {
        return cli_fail(CLI_LOCAL, "%s", channel_home_why(cli->home));
    }
    work->rest = channel_rest_create(&work->endpoint);
    work->log = channel_log_create();
    if (!work->rest || !work->log) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    return CLI_OK;
}

/* This program as a device of the account. */
static void describe(struct cli *cli, const struct work *work, struct channel_device *out)
{
    char host[48] = "";
    memset(out, 0, sizeof *out);
    memcpy(out->id, channel_home_device_id(cli->home), CHANNEL_ID_LEN);
    memcpy(out->sign_public, channel_home_sign_public(cli->home), 32);
    memcpy(out->dh_public, channel_home_dh_public(cli->home), 32);
    out->role = CHANNEL_ROLE_CLI;
    out->rights = CHANNEL_RIGHTS_ALL;
    if (work->options.name) {
        (void)snprintf(out->name, sizeof out->name, "%s", work->options.name);
    } else {
        (void)gethostname(host, sizeof host - 1);
        (void)snprintf(out->name, sizeof out->name, "%s command line", host[0] ? host : "hearth");
    }
}

/* Sign, append to our own copy and keep as the next entry to send. */
static int add_entry(struct work *work, size_t index, int unsigned_len)
{
    uint8_t *entry = work->entries[index];
    if (unsigned_len < 0) {
        return -1;
    }
    const int len = channel_keys_sign_entry(&work->root, entry, CHANNEL_LOG_ENTRY_MAX, (size_t)unsigned_len);
    if (len < 0 || channel_log_append(work->log, entry, (size_t)len) != 0) {
        return -1;
    }
    work->entry_lens[index] = (size_t)len;
    return 0;
}

static int add_this_device(struct cli *cli, struct work *work, size_t index)
{
    struct channel_device device;
    describe(cli, work, &device);
    return add_entry(work, index,
        channel_log_make_add(
            work->log, work->entries[index], CHANNEL_LOG_ENTRY_MAX, NULL, now_ms(), &device));
}

static int keep(struct cli *cli, struct work *work)
{
    if (channel_home_save(cli->home, work->endpoint.url, work->options.account,
            work->endpoint.pinned ? work->options.pin : NULL, work->log) != 0) {
        return cli_fail(CLI_LOCAL, "%s", channel_home_why(cli->home));
    }
    return CLI_OK;
}

static json_t *result(struct cli *cli, struct work *work)
{
    uint8_t account_id[CHANNEL_ID_LEN], root_sign[32], root_dh[32];
    char account_hex[33] = "", device_hex[33];
    if (channel_log_account(work->log, account_id, root_sign, root_dh)) {
        cli_hex(account_hex, account_id, sizeof account_id);
    }
    cli_hex(device_hex, channel_home_device_id(cli->home), CHANNEL_ID_LEN);
    return json_pack(
        "{s:s, s:s, s:s}", "account", work->options.account, "account_id", account_hex, "device", device_hex);
}

static int password_keys(struct work *work, const struct channel_kdf *kdf)
{
    const int error = channel_password_keys(work->auth, work->wrap, work->password, kdf);
    if (error == CHANNEL_ACCOUNT_ERR_WEAK) {
        return hostile("The broker asks for a way of deriving keys that is too weak or too costly.");
    }
    if (error != 0) {
        return cli_fail(CLI_USAGE, "The password cannot be used: %s.", channel_account_strerror(error));
    }
    return CLI_OK;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static int new_password(struct work *work, const char *question)
{
    const int code = cli_secret(work->password, work->options.password_file, question, true);
    if (code == CLI_OK && characters(work->password) < PASSWORD_MIN) {
        return cli_fail(CLI_USAGE, "A password has at least %d characters.", PASSWORD_MIN);
    }
    return code;
}

/* ---- signup */

static int send_signup(struct work *work, const struct channel_kdf *kdf, const uint8_t *recovery)
{
    uint8_t account_id[CHANNEL_ID_LEN], root_sign[32], root_dh[32], answered[CHANNEL_ID_LEN];
    uint8_t wrapped[CHANNEL_WRAPPED_LEN], wrapped_recovery[CHANNEL_WRAPPED_LEN], recovery_wrap[32];
    struct channel_rest_signup signup = {.account = work->options.account, .kdf = *kdf, .log_count = 2};
    const struct channel_rest_bytes entries[2] = {
        {work->entries[0], work->entry_lens[0]}, {work->entries[1], work->entry_lens[1]}};
    memcpy(signup.auth_key, work->auth, 32);
    channel_recovery_keys(signup.recovery_auth, recovery_wrap, recovery);
    channel_root_wrap(wrapped, work->wrap, &work->root, NULL);
    channel_root_wrap(wrapped_recovery, recovery_wrap, &work->root, NULL);
    signup.wrapped_root = (struct channel_rest_bytes){wrapped, sizeof wrapped};
    signup.wrapped_recovery = (struct channel_rest_bytes){wrapped_recovery, sizeof wrapped_recovery};
    signup.log = entries;
    const int error = channel_rest_signup(work->rest, &signup, answered);
    channel_crypto_wipe(&signup, sizeof signup);
    channel_crypto_wipe(recovery_wrap, sizeof recovery_wrap);
    if (error != 0) {
        return rest_failed(work, error);
    }
    if (!channel_log_account(work->log, account_id, root_sign, root_dh) ||
        memcmp(answered, account_id, sizeof answered) != 0) {
        return hostile("The broker stored another account than the one that was made here.");
    }
    return CLI_OK;
}

static int signup(struct cli *cli, struct work *work)
{
    struct channel_kdf kdf;
    uint8_t recovery[CHANNEL_RECOVERY_LEN];
    char recovery_text[CHANNEL_RECOVERY_TEXT];
    int code = prepare(cli, work, false);
    code = code ? code : new_password(work, "Password");
    if (code != CLI_OK) {
        return code;
    }
    channel_kdf_default(&kdf);
    code = password_keys(work, &kdf);
    if (code != CLI_OK) {
        return code;
    }
    channel_keys_make(&work->root);
    channel_recovery_make(recovery);
    channel_recovery_format(recovery_text, recovery);
    if (add_entry(work, 0,
            channel_log_make_genesis(work->entries[0], CHANNEL_LOG_ENTRY_MAX, work->root.sign_public,
                work->root.dh_public, now_ms())) != 0 ||
        add_this_device(cli, work, 1) != 0) {
        code = cli_fail(CLI_USAGE, "The name of this device cannot be used. Choose one with --name.");
    }
    code = code ? code : send_signup(work, &kdf, recovery);
    code = code ? code : keep(cli, work);
    if (code == CLI_OK && cli->json) {
        json_t *value = result(cli, work);
        (void)json_object_set_new(value, "recovery_key", json_string(recovery_text));
        cli_print_json(value);
    } else if (code == CLI_OK) {
        (void)printf("The account %s is made, and this program is signed in.\n\n"
                     "Recovery key: %s\n\n"
                     "Write it down and keep it away from your computers. It is the only way back when the\n"
                     "password is lost, and it is not shown again.\n",
            work->options.account, recovery_text);
    }
    channel_crypto_wipe(recovery, sizeof recovery);
    channel_crypto_wipe(recovery_text, sizeof recovery_text);
    return code;
}

/* ---- login */

/* Check the log as it came from the broker, from the first entry on. */
static int take_log(struct work *work)
{
    uint8_t account_id[CHANNEL_ID_LEN], root_sign[32], root_dh[32];
    for (size_t i = 0; i < work->signed_in.log_count; i++) {
        const int error =
            channel_log_append(work->log, work->signed_in.log[i].data, work->signed_in.log[i].len);
        if (error != 0) {
            return hostile("The account's log that the broker sent is not valid.");
        }
    }
    if (!channel_log_account(work->log, account_id, root_sign, root_dh) ||
        memcmp(account_id, work->signed_in.account_id, sizeof account_id) != 0) {
        return hostile("The broker sent the log of another account.");
    }
    /* Only the owner's password opens the root keys; they prove that this log is the owner's. */
    const int error = channel_root_unwrap(
        &work->root, work->signed_in.wrapped, work->signed_in.wrapped_len, work->wrap, account_id);
    if (error != 0 || memcmp(work->root.sign_public, root_sign, 32) != 0 ||
        memcmp(work->root.dh_public, root_dh, 32) != 0) {
        return hostile("The account's keys that the broker sent do not open with this password.");
    }
    return CLI_OK;
}

/* Signed in already: the broker may have another address or certificate, the account must be the same,
 * and its log must go on where ours ends. */
static int rejoin(struct cli *cli, struct work *work)
{
    const struct channel_log *ours = channel_home_log(cli->home);
    const struct channel_device *device = channel_log_find(work->log, channel_home_device_id(cli->home));
    uint8_t head[32];
    if (!channel_log_head(ours, head) ||
        channel_log_contains(work->log, channel_log_count(ours), head) != 1) {
        return cli_fail(CLI_HOSTILE,
            "This program belongs to %s on %s, and what the broker showed is not that account as it was "
            "known here. Use another --home for another account.",
            channel_home_account(cli->home), channel_home_broker(cli->home));
    }
    if (!device || device->revoked) {
        return cli_fail(CLI_DENIED, "This program was removed from the account. Sign in with a new --home.");
    }
    if (channel_home_set_broker(
            cli->home, work->endpoint.url, work->endpoint.pinned ? work->options.pin : NULL) != 0) {
        return cli_fail(CLI_LOCAL, "%s", channel_home_why(cli->home));
    }
    return CLI_OK;
}

/* The first entries that were made go to the broker. */
static int send_entries(struct work *work, size_t count)
{
    struct channel_rest_bytes entries[2];
    uint64_t total = 0;
    if (count == 0) {
        return CLI_OK;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct channel_rest_bytes){work->entries[i], work->entry_lens[i]};
    }
    const int error = channel_rest_log(work->rest, work->signed_in.ticket, entries, count, &total);
    return error ? rest_failed(work, error) : CLI_OK;
}

static int join(struct cli *cli, struct work *work)
{
    const bool again = channel_home_enrolled(cli->home);
    size_t count = 0;
    int code = again ? rejoin(cli, work) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    const struct channel_device *known = channel_log_find(work->log, channel_home_device_id(cli->home));
    if (known && known->revoked) {
        return cli_fail(CLI_DENIED, "This program was removed from the account. Sign in with a new --home.");
    }
    /* Whoever uses the recovery key leaves a mark that every device of the account gets to see. */
    if (work->options.recovery &&
        add_entry(work, count++,
            channel_log_make_recovery(work->log, work->entries[0], CHANNEL_LOG_ENTRY_MAX, now_ms())) != 0) {
        return cli_fail(CLI_ERROR, "The use of the recovery key could not be written down.");
    }
    /* Known already: an earlier try got this far. */
    if (!known && add_this_device(cli, work, count++) != 0) {
        return cli_fail(CLI_USAGE, "The name of this device cannot be used. Choose one with --name.");
    }
    code = send_entries(work, count);
    return code || again ? code : keep(cli, work);
}

static int by_password(struct work *work)
{
    struct channel_kdf kdf;
    int code = cli_secret(work->password, work->options.password_file, "Password", false);
    if (code != CLI_OK) {
        return code;
    }
    int error = channel_rest_kdf(work->rest, work->options.account, &kdf);
    if (error != 0) {
        return rest_failed(work, error);
    }
    code = password_keys(work, &kdf);
    if (code != CLI_OK) {
        return code;
    }
    error = channel_rest_login(work->rest, work->options.account, work->auth, &work->signed_in);
    return error ? rest_failed(work, error) : CLI_OK;
}

static int by_recovery(struct work *work)
{
    char typed[CLI_SECRET_MAX + 1];
    uint8_t key[CHANNEL_RECOVERY_LEN];
    const int code = cli_secret(typed, work->options.recovery_file, "Recovery key", false);
    if (code != CLI_OK) {
        return code;
    }
    const int parsed = channel_recovery_parse(key, typed);
    channel_crypto_wipe(typed, sizeof typed);
    if (parsed != 0) {
        return cli_fail(
            CLI_USAGE, "A recovery key has 8 groups of 4 letters and digits. Check what was typed.");
    }
    channel_recovery_keys(work->auth, work->wrap, key);
    channel_crypto_wipe(key, sizeof key);
    const int error = channel_rest_recover(work->rest, work->options.account, work->auth, &work->signed_in);
    return error ? rest_failed(work, error) : CLI_OK;
}

/* After a recovery: a password that works again. */
static int reset_password(struct work *work)
{
    struct channel_kdf kdf;
    uint8_t wrapped[CHANNEL_WRAPPED_LEN];
    int code = new_password(work, "New password");
    channel_kdf_default(&kdf);
    code = code ? code : password_keys(work, &kdf);
    if (code != CLI_OK) {
        return code;
    }
    channel_root_wrap(wrapped, work->wrap, &work->root, NULL);
    const int error =
        channel_rest_password(work->rest, work->signed_in.ticket, &kdf, work->auth, wrapped, sizeof wrapped);
    return error ? rest_failed(work, error) : CLI_OK;
}

static int login(struct cli *cli, struct work *work)
{
    int code = prepare(cli, work, true);
    code = code ? code : (work->options.recovery ? by_recovery(work) : by_password(work));
    code = code ? code : take_log(work);
    code = code ? code : (work->options.recovery ? reset_password(work) : CLI_OK);
    code = code ? code : join(cli, work);
    if (code == CLI_OK && cli->json) {
        cli_print_json(result(cli, work));
    } else if (code == CLI_OK) {
        (void)printf("Signed in as %s.%s\n", work->options.account,
            work->options.recovery ? " The new password is in force." : "");
    }
    return code;
}

static int run(struct cli *cli, int argc, char **argv, int (*what)(struct cli *, struct work *))
{
    struct work *work = calloc(1, sizeof *work);
    if (!work) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    int code = parse(cli, cli_command_find(argv[0]), argc, argv, &work->options);
    if (code == CLI_OK) {
        code = what(cli, work);
    }
    work_finish(work);
    return code < 0 ? CLI_OK : code;
}

int cli_signup(struct cli *cli, int argc, char **argv)
{
    return run(cli, argc, argv, signup);
}

int cli_login(struct cli *cli, int argc, char **argv)
{
    return run(cli, argc, argv, login);
}
