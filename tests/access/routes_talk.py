"""The policy of talk and of saved views: private to whoever wrote them, or as visible as what they are about."""

from tests.access.policy import (
    ACTED,
    HIDDEN,
    NO_METHOD,
    Access,
    author_alone,
    own_alone,
    public,
    signed_in,
    who_sees,
)

# Saved views: private to their owner unless shared with a team.
VIEW = (("pk", "saved_view"),)
SAVED = {
    "dashboards:saved-list": Access(signed_in(), exports=True),
    "dashboards:saved-create": Access(signed_in(), signed_in(ACTED)),
    "dashboards:saved-edit": Access(own_alone, own_alone, kinds=VIEW),
    "dashboards:saved-store": Access(public(NO_METHOD), own_alone, kinds=VIEW),
    "dashboards:saved-delete": Access(public(NO_METHOD), own_alone, kinds=VIEW),
    "dashboards:saved-unsubscribe": Access(public(HIDDEN), public(HIDDEN), kinds=(("token", "=no-token"),)),
    "dashboards:saved-restore": Access(public(NO_METHOD), own_alone, kinds=(("pk", "gone_view"),)),
}
# Talk: whoever sees the object reads and writes; what was said is changed by its author alone.
COMMENT = (("pk", "comment"),)
TALK = {
    "talk:say": Access(
        public(NO_METHOD),
        signed_in(HIDDEN),
        query="?about={letter}",  # nothing reads it: it has the matrix ask for each letter
        htmx=True,
        form=(("anchor", "letter"), ("key", "{letter}"), ("text", "A word")),
        filled=who_sees(ACTED),
    ),
    "talk:people": Access(who_sees(), query="?anchor=letter&key={letter}"),
    "talk:edit": Access(public(NO_METHOD), author_alone, kinds=COMMENT, htmx=True, form=(("text", "Said otherwise"),)),
    "talk:delete": Access(public(NO_METHOD), author_alone, kinds=COMMENT, htmx=True),
    "talk:resolve": Access(public(NO_METHOD), who_sees(ACTED), kinds=(("pk", "thread"),), htmx=True),
    "talk:notifications": Access(signed_in()),
    "talk:read-all": Access(public(NO_METHOD), signed_in(ACTED)),
    "talk:choose": Access(public(NO_METHOD), signed_in(ACTED)),
    "talk:open": Access(public(NO_METHOD), own_alone, kinds=(("pk", "notification"),)),
}
