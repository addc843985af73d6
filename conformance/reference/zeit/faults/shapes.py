"""Faults of the ZEIT Now server in the shapes of its answers."""

from __future__ import annotations

from conformance.reference.edits import change, drop, instead, put, rename, status
from conformance.reference.faults import Faults
from conformance.reference.messages import Response
from conformance.reference.zeit.faults.tools import (
    ADD_DOMAIN,
    ALIASES,
    ASSIGN,
    BUILDS,
    CERT,
    CERTS,
    CREATE_RECORD,
    CREATE_SECRET,
    CREATE_TEAM,
    DELETE_ALIAS,
    DELETE_DEPLOYMENT,
    DELETE_DOMAIN,
    DELETE_SECRET,
    DEPLOY,
    DEPLOYMENT,
    DEPLOYMENT_ALIASES,
    DEPLOYMENTS,
    DOMAIN_PRICE,
    DOMAIN_STATUS,
    DOMAINS,
    FILES,
    INVITE,
    ISSUE,
    LOGS,
    MEMBERS,
    RECORDS,
    RENAME_SECRET,
    REQUEST_LOGIN,
    SECRETS,
    TEAM,
    TEAMS,
    UPDATE_TEAM,
)

faults = Faults()

fault = faults.of("zeit.schema.status-200")
fault("secret-created-201", "A secret is created with 201.").by(status(201, on=CREATE_SECRET))
fault("list-of-secrets-203", "The secrets are listed with 203.").by(status(203, on=SECRETS))
fault("domain-deleted-202", "A domain is removed with 202.").by(status(202, on=DELETE_DOMAIN))

fault = faults.of("zeit.schema.deployment")
fault("public-as-text", "The public of a deployment is text.").by(
    change("/public", lambda value: str(value).lower(), on=DEPLOYMENT)
)
fault("created-without-owner", "A deployment just created has no ownerId.").by(drop("/ownerId", on=DEPLOY))
fault("regions-as-text", "The regions of a deployment are one text.").by(
    change("/regions", ",".join, on=(DEPLOY, DEPLOYMENT))
)
fault("builds-null", "The builds of a deployment are null.").by(put("/builds", None, on=DEPLOYMENT))

fault = faults.of("zeit.schema.deployment-version")
fault("version-as-text", 'The version of a deployment is "2".').by(put("/version", "2", on=DEPLOYMENT))
fault("version-missing", "A deployment is read without its version.").by(drop("/version", on=DEPLOYMENT))
fault("created-with-version-1", "A deployment just created is of version 1.").by(put("/version", 1, on=DEPLOY))

fault = faults.of("zeit.schema.deployment-list")
fault("items-with-id", "The entries of the list have id in place of uid.").by(
    rename("/deployments/*/uid", "id", on=DEPLOYMENTS)
)
fault("items-without-creator", "The entries of the list have no creator.").by(
    drop("/deployments/*/creator", on=DEPLOYMENTS)
)
fault("list-as-map", "The list is a map from id to deployment.").by(
    change("/deployments", lambda items: {one["uid"]: one for one in items}, on=DEPLOYMENTS)
)
fault("creator-empty", "The creator of an entry is an empty map.").by(put("/deployments/*/creator", {}, on=DEPLOYMENTS))

fault = faults.of("zeit.schema.url-null-iff-incomplete")
fault("incomplete-with-empty-url", "The url of a deployment that is not uploaded whole is an empty text.").by(
    put("/deployments/*/url", "", having={"url": None}, on=DEPLOYMENTS)
)
fault("ready-without-url", "A deployment that is READY has no url.").by(
    put("/deployments/*/url", None, having={"state": "READY"}, on=DEPLOYMENTS)
)
fault("url-with-scheme", "The url of a deployment has a scheme.").by(
    change("/url", lambda url: url and f"https://{url}", on=DEPLOYMENT)
)
fault("one-url-for-all", "All deployments have one url.").by(
    change("/deployments/*/url", lambda url: url and "site.now.sh", on=DEPLOYMENTS)
)

fault = faults.of("zeit.schema.delete-deployment")
fault("another-uid", "The answer to a delete has the uid of another deployment.").by(
    change("/uid", lambda uid: uid[::-1], on=DELETE_DEPLOYMENT)
)
fault("state-ready", "A deleted deployment is READY.").by(put("/state", "READY", on=DELETE_DEPLOYMENT))
fault("id-for-uid", "The answer to a delete has id in place of uid.").by(rename("/uid", "id", on=DELETE_DEPLOYMENT))

fault = faults.of("zeit.schema.file-tree")
fault("directory-with-uid", "A directory has a uid.").by(
    put("/*/uid", "0" * 40, having={"type": "directory"}, on=FILES)
)
fault("children-null", "The children of a directory are null.").by(
    put("/*/children", None, having={"type": "directory"}, on=FILES)
)
fault("nested-file-without-uid", "A file in a directory has no uid.").by(drop("/*/children/*/uid", on=FILES))
fault("tree-in-object", "The tree is in an object.").by(change("", lambda tree: {"files": tree}, on=FILES))

fault = faults.of("zeit.schema.builds")
fault("bare-list", "The builds are a bare list.").by(change("", lambda body: body["builds"], on=BUILDS))
fault("deployed-to-as-text", "A build was deployed to a text.").by(put("/builds/*/deployedTo", "sfo1", on=BUILDS))
fault("path-missing", "A build has no path.").by(drop("/builds/*/path", on=BUILDS))

fault = faults.of("zeit.schema.logs")
fault("of-another-deployment", "The logs are those of another deployment.").by(
    change("/logs/*/deploymentId", lambda identity: identity[::-1], on=LOGS)
)
fault("serial-as-number", "The serial of a log is a number.").by(change("/logs/*/serial", int, on=LOGS))
fault("app-name-missing", "A log does not say its appName.").by(drop("/logs/*/appName", on=LOGS))

fault = faults.of("zeit.schema.log-payload-by-type")
fault("request-with-text", "The log of a request has a text in place of an object.").by(
    rename("/logs/*/object", "text", on=LOGS)
)
fault("command-without-text", "The log of a command has no text.").by(
    drop("/logs/*/text", having={"type": "command"}, on=LOGS)
)

fault = faults.of("zeit.schema.domain-list")
fault("is-external-missing", "A domain does not say whether it is external.").by(
    drop("/domains/*/isExternal", on=DOMAINS)
)
fault("verified-as-number", "The verified of a domain is 1 or 0.").by(change("/domains/*/verified", int, on=DOMAINS))
fault("expired-before-bought", "A domain expires before it was bought.").by(
    change("/domains/*/expiresAt", lambda time: time and "2010-01-01T00:00:00.000Z", on=DOMAINS)
)

fault = faults.of("zeit.schema.domain-add")
fault("unverified-without-token", "An unverified domain has no verifyToken.").by(
    change("", lambda body: {"uid": body["uid"], "verified": False, "created": body["created"]}, on=ADD_DOMAIN)
)
fault("id-for-uid", "A domain just added has id in place of uid.").by(rename("/uid", "id", on=ADD_DOMAIN))

fault = faults.of("zeit.schema.domain-status")
fault("status-free", 'The status of a domain is "free".').by(
    change("/status", lambda free: "free" if free else "taken", on=DOMAIN_STATUS)
)
fault("answer-in-array", "The status is a bare boolean.").by(change("", lambda body: body["status"], on=DOMAIN_STATUS))

fault = faults.of("zeit.schema.domain-price")
fault("price-with-cents", "The price of a domain has cents.").by(
    change("/price", lambda price: price - 0.01, on=DOMAIN_PRICE)
)
fault("price-with-zero-cents", "The price of a domain is written as 17.0.").by(change("/price", float, on=DOMAIN_PRICE))
fault("period-as-text", "The period is a text.").by(put("/period", "1 year", on=DOMAIN_PRICE))

fault = faults.of("zeit.schema.dns-list")
fault("uid-for-id", "A DNS record is listed with uid in place of id.").by(rename("/records/*/id", "uid", on=RECORDS))
fault("updated-missing", "A DNS record does not say when it was updated.").by(drop("/records/*/updated", on=RECORDS))

fault = faults.of("zeit.schema.dns-create")
fault("id-for-uid", "A DNS record just created has id in place of uid.").by(rename("/uid", "id", on=CREATE_RECORD))
fault("uid-in-record", "The uid of a DNS record just created is in a member record.").by(
    change("", lambda body: {"record": body}, on=CREATE_RECORD)
)

fault = faults.of("zeit.schema.cert")
fault("cns-joined", "The names of a certificate are one text.").by(change("/cns", ",".join, on=CERT))
fault("no-names", "A listed certificate has no names.").by(put("/certs/*/cns", [], on=CERTS))
fault("auto-renew-as-text", "The autoRenew of a certificate is a text.").by(change("/certs/*/autoRenew", str, on=CERTS))

fault = faults.of("zeit.schema.cert-create")
fault("issued-empty", "An issued certificate is an empty object.").by(instead(Response.of({}), on=ISSUE))
fault("issued-without-time", "An issued certificate does not say when it was made.").by(drop("/created_at", on=ISSUE))

fault = faults.of("zeit.schema.alias-list")
fault("ids-differ", "The deploymentId of an alias is not that of its deployment.").by(
    change("/aliases/*/deployment/id", lambda identity: identity[::-1], on=ALIASES)
)
fault("deployment-without-url", "The deployment of an alias has no url.").by(
    drop("/aliases/*/deployment/url", on=ALIASES)
)
fault("rule-without-dest", "A rule of an alias leads nowhere.").by(drop("/aliases/*/rules/*/dest", on=ALIASES))

fault = faults.of("zeit.schema.alias-by-deployment")
fault("bare-list", "The aliases of a deployment are a bare list.").by(
    change("", lambda body: body["aliases"], on=DEPLOYMENT_ALIASES)
)
fault("created-missing", "An alias of a deployment does not say when it was made.").by(
    drop("/aliases/*/created", on=DEPLOYMENT_ALIASES)
)

fault = faults.of("zeit.schema.alias-assign")
fault("old-id-always-null", "The answer to an assignment always has oldId, null.").by(put("/oldId", None, on=ASSIGN))
fault("without-uid", "The answer to an assignment has no uid.").by(drop("/uid", on=ASSIGN))

fault = faults.of("zeit.schema.alias-delete")
fault("empty-object", "The answer to a removal is an empty object.").by(instead(Response.of({}), on=DELETE_ALIAS))
fault("status-ok", 'The status of a removal is "OK".').by(put("/status", "OK", on=DELETE_ALIAS))

fault = faults.of("zeit.schema.secret-list")
fault("key-is-data", "The secrets are under data.").by(rename("/secrets", "data", on=SECRETS))
fault("name-missing", "A listed secret has no name.").by(drop("/secrets/*/name", on=SECRETS))

fault = faults.of("zeit.schema.secret-write-shapes")
fault("data-in-base64", "The bytes of a secret are a text in base64.").by(
    put("/value/data", "bXktdmFsdWU=", on=CREATE_SECRET)
)
fault("type-is-bytes", "The value of a secret is of the type Bytes.").by(put("/value/type", "Bytes", on=CREATE_SECRET))
fault("rename-without-old-name", "The answer to a renaming has no oldName.").by(drop("/oldName", on=RENAME_SECRET))
fault("deleted-without-created", "A deleted secret does not say when it was created.").by(
    drop("/created", on=DELETE_SECRET)
)

fault = faults.of("zeit.schema.team")
fault("bare-list", "The teams are a bare list.").by(change("", lambda body: body.get("teams", body), on=TEAMS))
fault("avatar-missing", "A team has no avatar, not even null.").by(drop("/avatar", on=TEAM))
fault("created-without-id", "A team just created answers its slug alone.").by(
    change("", lambda _: {"slug": "a-random-team"}, on=CREATE_TEAM)
)

fault = faults.of("zeit.schema.members")
fault("members-in-object", "The members are in an object.").by(change("", lambda body: {"members": body}, on=MEMBERS))
fault("email-missing", "A member has no email.").by(drop("/*/email", on=MEMBERS))

fault = faults.of("zeit.schema.invite")
fault("email-only", "The answer to an invitation is the e-mail address.").by(
    change("", lambda _: {"email": "user@mail.com"}, on=INVITE)
)
fault("username-null", "The username of an invited user is null.").by(put("/username", None, on=INVITE))

fault = faults.of("zeit.schema.login")
fault("security-code-missing", "A login has no securityCode.").by(drop("/securityCode", on=REQUEST_LOGIN))
fault("token-as-object", "The token of a login is an object.").by(
    change("/token", lambda token: {"value": token}, on=REQUEST_LOGIN)
)

fault = faults.of("zeit.schema.domain-delete")
fault("empty-object", "The answer to the removal of a domain is an empty object.").by(
    instead(Response.of({}), on=DELETE_DOMAIN)
)
fault("name-for-uid", "The answer to the removal of a domain has its name in place of its uid.").by(
    rename("/uid", "name", on=DELETE_DOMAIN)
)

fault = faults.of("zeit.schema.team-patch")
fault("creator-missing", "A changed team has no creatorId.").by(drop("/creatorId", on=UPDATE_TEAM))
fault("creators-differ", "The creator_id of a changed team is another than its creatorId.").by(
    put("/creator_id", "somebody", on=UPDATE_TEAM)
)
fault("another-id", "A changed team has another id.").by(change("/id", lambda identity: identity[::-1], on=UPDATE_TEAM))
