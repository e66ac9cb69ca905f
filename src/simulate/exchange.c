/* How Exchange Online speaks, as recorded in public transcripts of its sessions. */
#include "simulate/scenario.h"

#define TRACE " [{backend} {time} {session}]"

enum { TARPIT = 5000 }; /* ms; refusals come late */

static const struct sim_answer answers[] = {
    /* SMTP */
    { SIM_ON_SMTP, SIM_GREETING,
      "220 {front} Microsoft ESMTP MAIL Service ready at {date} [{session}]", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_CAPABILITIES,
      "250-{front} Hello [{client}]\n250-SIZE 157286400\n250-PIPELINING\n250-DSN\n"
      "250-ENHANCEDSTATUSCODES\n250-STARTTLS\n250-8BITMIME\n250-BINARYMIME\n250-CHUNKING\n"
      "250 SMTPUTF8",
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_CAPABILITIES_TLS,
      "250-{front} Hello [{client}]\n250-SIZE 157286400\n250-PIPELINING\n250-DSN\n"
      "250-ENHANCEDSTATUSCODES\n250-AUTH LOGIN XOAUTH2\n250-8BITMIME\n250-BINARYMIME\n"
      "250-CHUNKING\n250 SMTPUTF8",
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_HELO, "250 {front} Hello [{client}]", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_STARTTLS, "220 2.0.0 SMTP server ready", SIM_UPGRADE, 0 },
    { SIM_ON_SMTP, SIM_STARTTLS_REFUSED, "500 5.3.3 Unrecognized command 'STARTTLS'" TRACE,
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_AUTH_IN_CLEAR, "504 5.7.4 Unrecognized authentication type" TRACE, SIM_GO_ON,
      TARPIT },
    { SIM_ON_SMTP, SIM_AUTH_UNKNOWN, "504 5.7.4 Unrecognized authentication type" TRACE, SIM_GO_ON,
      TARPIT },
    { SIM_ON_SMTP, SIM_AUTH_MALFORMED, "501 5.5.4 Invalid arguments" TRACE, SIM_GO_ON, TARPIT },
    { SIM_ON_SMTP, SIM_AUTH_CANCELLED, "501 5.7.0 Authentication aborted" TRACE, SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_PROMPT, "334 ", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_PROMPT_USER, "334 VXNlcm5hbWU6", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_PROMPT_PASSWORD, "334 UGFzc3dvcmQ6", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_LOGIN_ACCEPTED, "235 2.7.0 Authentication successful", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_PASSWORD_REFUSED,
      "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect." TRACE,
      SIM_GO_ON, TARPIT },
    { SIM_ON_SMTP, SIM_TOKEN_REFUSED, "535 5.7.3 Authentication unsuccessful" TRACE, SIM_GO_ON,
      TARPIT },
    { SIM_ON_SMTP, SIM_NOT_LOGGED_IN,
      "530 5.7.57 Client not authenticated to send mail.{refusal}" TRACE, SIM_GO_ON, TARPIT },
    { SIM_ON_SMTP, SIM_TLS_NEEDED, "451 5.7.3 STARTTLS is required to send mail" TRACE, SIM_GO_ON,
      0 },
    { SIM_ON_SMTP, SIM_ALREADY, "503 5.5.2 Bad sequence of commands" TRACE, SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_MAIL, "250 2.1.0 Sender OK", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_RCPT, "250 2.1.5 Recipient OK", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_DATA, "354 Start mail input; end with <CRLF>.<CRLF>", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_MESSAGE, "250 2.0.0 OK <{session}@{backend}> [Hostname={backend}]",
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_FULL,
      "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException; Failed to "
      "process message due to a permanent exception" TRACE,
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_REFUSED, "552 5.3.4 Message size exceeds fixed maximum message size" TRACE,
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_RSET, "250 2.0.0 Resetting", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_NOOP, "250 2.0.0 OK", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_VRFY, "252 2.1.5 Cannot VRFY user", SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_GOODBYE, "221 2.0.0 Service closing transmission channel", SIM_CLOSE, 0 },
    { SIM_ON_SMTP, SIM_UNKNOWN, "500 5.3.3 Unrecognized command '{line}'" TRACE, SIM_GO_ON,
      TARPIT },
    { SIM_ON_SMTP, SIM_TOO_LONG, "500 5.3.3 Line too long" TRACE, SIM_GO_ON, 0 },

    /* IMAP */
    { SIM_ON_IMAP, SIM_GREETING, "* OK The Microsoft Exchange IMAP4 service is ready. [{place}]",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_CAPABILITIES,
      "* CAPABILITY IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS SASL-IR UIDPLUS ID UNSELECT CHILDREN "
      "IDLE NAMESPACE LITERAL+\n{tag} OK CAPABILITY completed.",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_CAPABILITIES_TLS,
      "* CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT "
      "CHILDREN IDLE NAMESPACE LITERAL+\n{tag} OK CAPABILITY completed.",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_CAPABILITIES_LOGGED_IN,
      "* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT "
      "CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE "
      "NAMESPACE LITERAL+\n{tag} OK CAPABILITY completed.",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_STARTTLS, "{tag} OK Begin TLS negotiation now.", SIM_UPGRADE, 0 },
    { SIM_ON_IMAP, SIM_STARTTLS_REFUSED, "{tag} BAD Command received in Invalid state.", SIM_GO_ON,
      0 },
    { SIM_ON_IMAP, SIM_AUTH_IN_CLEAR, "{tag} BAD Command received in Invalid state.", SIM_GO_ON,
      0 },
    { SIM_ON_IMAP, SIM_AUTH_UNKNOWN, "{tag} NO Unsupported authentication mechanism.", SIM_GO_ON,
      0 },
    { SIM_ON_IMAP, SIM_AUTH_MALFORMED, "{tag} BAD Command Argument Error. 11", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_AUTH_CANCELLED,
      "{tag} BAD The AUTH protocol exchange was canceled by the client.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_PROMPT, "+ ", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_PROMPT_USER, "+ VXNlcm5hbWU6", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_PROMPT_PASSWORD, "+ UGFzc3dvcmQ6", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_PASSWORD, "{tag} NO Basic authentication is disabled.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_LOGIN_ACCEPTED, "{tag} OK AUTHENTICATE completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_TOKEN_REFUSED, "{tag} NO AUTHENTICATE failed.", SIM_GO_ON, TARPIT },
    { SIM_ON_IMAP, SIM_NOT_LOGGED_IN, "{tag} BAD Command received in Invalid state.", SIM_GO_ON,
      0 },
    { SIM_ON_IMAP, SIM_ALREADY, "{tag} BAD Command received in Invalid state.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_MAILBOX,
      "* {exists} EXISTS\n* 0 RECENT\n"
      "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)\n"
      "* OK [PERMANENTFLAGS ()] Permanent flags\n"
      "* OK [UIDVALIDITY {validity}] UIDVALIDITY value\n"
      "* OK [UIDNEXT {next}] The next unique identifier value\n{tag} OK [READ-ONLY] EXAMINE "
      "completed.",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_SELECT,
      "* {exists} EXISTS\n* 0 RECENT\n"
      "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)\n"
      "* OK [PERMANENTFLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)] Permanent "
      "flags\n* OK [UIDVALIDITY {validity}] UIDVALIDITY value\n"
      "* OK [UIDNEXT {next}] The next unique identifier value\n{tag} OK [READ-WRITE] SELECT "
      "completed.",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_MAILBOX_UNKNOWN, "{tag} NO {line} doesn't exist.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_LIST, "{tag} OK {verb} completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_STATUS, "{tag} OK STATUS completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_SEARCH, "{tag} OK SEARCH completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_FETCH, "{tag} OK FETCH completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_NAMESPACE,
      "* NAMESPACE ((\"\" \"/\")) NIL NIL\n{tag} OK NAMESPACE completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_ID,
      "* ID (\"name\" \"Microsoft.Exchange.Imap4.Imap4Server\" \"version\" \"15.20\")\n"
      "{tag} OK ID completed",
      SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_NOOP, "{tag} OK NOOP completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_IDLE, "+ IDLE accepted, awaiting DONE command.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_DONE, "{tag} OK {code}{verb} completed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_MAILBOX_EXISTS, "{tag} NO Folder already exists.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_NOT_SELECTED, "{tag} BAD Command received in Invalid state.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_MALFORMED, "{tag} BAD Command Argument Error. 11", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_READ_ONLY, "{tag} NO The folder is open for reading only.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_REFUSED, "{tag} NO {verb} failed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_FULL, "{tag} NO [OVERQUOTA] {verb} failed.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_LITERAL, "+ Ready for additional command text.", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_GOODBYE,
      "* BYE Microsoft Exchange Server IMAP4 server signing off.\n{tag} OK LOGOUT completed.",
      SIM_CLOSE, 0 },
    { SIM_ON_IMAP, SIM_UNKNOWN, "{tag} BAD Command Error. 12", SIM_GO_ON, 0 },
    { SIM_ON_IMAP, SIM_TOO_LONG, "* BYE Connection is closed. 13", SIM_CLOSE, 0 },

    /* POP3 */
    { SIM_ON_POP3, SIM_GREETING, "+OK The Microsoft Exchange POP3 service is ready. [{place}]",
      SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_CAPABILITIES, "+OK\nTOP\nUIDL\nSTLS\n.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_CAPABILITIES_TLS, "+OK\nTOP\nUIDL\nSASL XOAUTH2\n.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_STARTTLS, "+OK Begin TLS negotiation.", SIM_UPGRADE, 0 },
    { SIM_ON_POP3, SIM_STARTTLS_REFUSED, "-ERR Command is not valid in this state.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_AUTH_IN_CLEAR, "-ERR Command is not valid in this state.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_AUTH_UNKNOWN, "-ERR Protocol error. 19", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_AUTH_MALFORMED, "-ERR Protocol error. 19", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_AUTH_CANCELLED, "-ERR Protocol error. 19", SIM_GO_ON, 0 },
    /* The token must come on a line of its own; else the server hangs up. */
    { SIM_ON_POP3, SIM_AUTH_ONE_LINE, "-ERR Protocol error. Connection is closed. 10", SIM_CLOSE,
      0 },
    { SIM_ON_POP3, SIM_PROMPT, "+ ", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_PROMPT_USER, "+ VXNlcm5hbWU6", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_PROMPT_PASSWORD, "+ UGFzc3dvcmQ6", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_USER, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_PASSWORD, "-ERR Basic authentication is disabled", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_LOGIN_ACCEPTED, "+OK User successfully authenticated.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_TOKEN_REFUSED,
      "-ERR Authentication failure: unknown user name or bad password.", SIM_GO_ON, TARPIT },
    { SIM_ON_POP3, SIM_NOT_LOGGED_IN, "-ERR Command is not valid in this state.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_ALREADY, "-ERR Command is not valid in this state.", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_MAILBOX, "+OK {exists} {size}", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_MAILBOX_UNKNOWN, "-ERR The specified message is out of range.", SIM_GO_ON,
      0 },
    { SIM_ON_POP3, SIM_LIST, "+OK {exists} {size}", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_LIST_ONE, "+OK {number} {size}", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_UIDL, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_UIDL_ONE, "+OK {number} {code}", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_FETCH, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_TOP, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_DONE, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_MALFORMED, "-ERR Protocol error. 19", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_LOCKED, "-ERR [IN-USE] Mailbox is opened by another session", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_NOOP, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_RSET, "+OK", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_GOODBYE, "+OK Microsoft Exchange Server POP3 server signing off.", SIM_CLOSE,
      0 },
    { SIM_ON_POP3, SIM_UNKNOWN, "-ERR Protocol error. 19", SIM_GO_ON, 0 },
    { SIM_ON_POP3, SIM_TOO_LONG, "-ERR Protocol error. Connection is closed. 10", SIM_CLOSE, 0 },
};

/* The organisation's MX host: no logins, mail for its own domains only. */
static const struct sim_answer mx_answers[] = {
    { SIM_ON_SMTP, SIM_CAPABILITIES_TLS,
      "250-{front} Hello [{client}]\n250-SIZE 157286400\n250-PIPELINING\n250-DSN\n"
      "250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250-BINARYMIME\n250-CHUNKING\n250 SMTPUTF8",
      SIM_GO_ON, 0 },
    { SIM_ON_SMTP, SIM_TLS_NEEDED, NULL, SIM_GO_ON, 0 }, /* it takes mail in clear as well */
    { SIM_ON_SMTP, SIM_MESSAGE,
      "250 2.6.0 <{session}@{backend}> [InternalId=40810, Hostname={backend}] Queued mail for "
      "delivery",
      SIM_GO_ON, 0 },
};

static const struct sim_record records[] = {
    { .name = "contoso.com", .type = SIM_MX, .text = "contoso-com.mail.protection.outlook.com" },
    { .name = "contoso.com",
      .type = SIM_TXT,
      .text = "v=spf1 include:spf.protection.outlook.com -all" },
    { .name = "_dmarc.contoso.com", .type = SIM_TXT, .text = "v=DMARC1; p=reject" },
    { .name = "autodiscover.contoso.com", .type = SIM_CNAME, .text = "autodiscover.outlook.com" },
    { .name = "autodiscover.outlook.com", .type = SIM_ADDRESS },
    { .name = "contoso-com.mail.protection.outlook.com", .type = SIM_ADDRESS },
    { .name = "spf.protection.outlook.com",
      .type = SIM_TXT,
      .text = "v=spf1 ip4:127.0.0.0/8 -all" },
    { .name = "smtp.office365.com", .type = SIM_CNAME, .text = "FRA-efz.ms-acdc.office.com" },
    { .name = "outlook.office365.com", .type = SIM_CNAME, .text = "FRA-efz.ms-acdc.office.com" },
    { .name = "FRA-efz.ms-acdc.office.com", .type = SIM_ADDRESS },
    { .name = "smtp.hve.mx.microsoft", .type = SIM_ADDRESS },
};

static const char *const mailboxes[] = { "Deleted Items", "Drafts", "Junk Email", "Sent Items",
                                         NULL };

static const struct sim_home home = {
    .mailboxes = mailboxes,
    .junk = "Junk Email",
    .sent = "Sent Items",
    .uid_validity = 14,
    .authentication = "dkim=none (message not signed)\r\n header.d=none;dmarc=none action=none "
                      "header.from=contoso.com;",
};

/* The real certificate too has a common name that is no host anybody connects to. */
static const char *const certificate_names[] = {
    "outlook.com",
    "*.outlook.com",
    "office365.com",
    "*.office365.com",
    "*.internal.outlook.com",
    "*.outlook.office365.com",
    "*.office.com",
    "mail.protection.outlook.com",
    "*.mail.protection.outlook.com",
    "smtp.hve.mx.microsoft",
    NULL,
};

const struct sim_persona sim_exchange = {
    .id = "exchange",
    .title = "Microsoft 365",
    .domain = "contoso.com",
    .smtp_host = "smtp.office365.com",
    .imap_host = "outlook.office365.com",
    .pop3_host = "outlook.office365.com",
    .front = "FR4P281CA0123.outlook.office365.com",
    .backend = "FR4P281CA0123.DEUP281.PROD.OUTLOOK.COM",
    .user = "ana@contoso.com",
    .home = &home,
    .certificate_names = certificate_names,
    .records = records,
    .record_count = sizeof records / sizeof records[0],
    .modes = { [SIM_465] = SIM_MODE_SILENT }, /* not offered: connects are dropped */
    .answers = answers,
    .answer_count = sizeof answers / sizeof answers[0],
};

const struct sim_persona sim_exchange_mx = {
    .id = "exchange-mx",
    .title = "the MX host of an organisation in Microsoft 365",
    .base = &sim_exchange,
    .domain = "contoso.com",
    .smtp_host = "contoso-com.mail.protection.outlook.com",
    .imap_host = "outlook.office365.com",
    .pop3_host = "outlook.office365.com",
    .front = "FR1PEPF00000A12.mail.protection.outlook.com",
    .backend = "FR4P281MB0123.DEUP281.PROD.OUTLOOK.COM",
    .user = "ana@contoso.com",
    .home = &home,
    .certificate_names = certificate_names,
    .records = records,
    .record_count = sizeof records / sizeof records[0],
    .modes = { [SIM_587] = SIM_MODE_SILENT, [SIM_465] = SIM_MODE_SILENT },
    .answers = mx_answers,
    .answer_count = sizeof mx_answers / sizeof mx_answers[0],
};

const struct sim_persona sim_exchange_hve = {
    .id = "exchange-hve",
    .title = "High Volume Email of Microsoft 365",
    .base = &sim_exchange,
    .domain = "contoso.com",
    .smtp_host = "smtp.hve.mx.microsoft",
    .imap_host = "outlook.office365.com",
    .pop3_host = "outlook.office365.com",
    .front = "FR4P281CA0123.outlook.office365.com",
    .backend = "FR4P281CA0123.DEUP281.PROD.OUTLOOK.COM",
    .user = "ana@contoso.com",
    .home = &home,
    .certificate_names = certificate_names,
    .records = records,
    .record_count = sizeof records / sizeof records[0],
    .modes = { [SIM_25] = SIM_MODE_SILENT, [SIM_465] = SIM_MODE_SILENT },
};
