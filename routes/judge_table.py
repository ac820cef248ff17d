"""The routes about judges and judging, a part of the one table (see table.py)."""

from __future__ import annotations

from . import connections, judge, judging
from .route import Route

JPEG = "image/jpeg"
POSTED = (400, 413, 415)

JUDGE_ROUTES = (
    Route(
        "GET",
        "/imitatoes/judge/setup",
        judge.show_setup,
        "Whether there is an Ollama, which of its models see pictures, and one to get.",
        (400,),
    ),
    Route(
        "POST",
        "/imitatoes/judge/pull",
        judge.start_pull,
        "Have Ollama download one of the recommended models.",
        (*POSTED, 409),
        status=202,
    ),
    Route("GET", "/imitatoes/judge/pull", judge.show_pull, "How far the last download is."),
    Route("POST", "/imitatoes/judge/pull/stop", judge.stop_pull, "Stop it.", POSTED),
    Route(
        "POST",
        "/imitatoes/judge/self-test",
        judge.start_self_test,
        "Show a judge model 60 drawn scenes of known truth.",
        (*POSTED, 409),
        status=202,
    ),
    Route("GET", "/imitatoes/judge/self-test", judge.show_self_test, "How far that is, and its report.", (400,)),
    Route(
        "GET",
        "/imitatoes/connections",
        connections.show_connections,
        "The servers that judge, by name; keys are never shown.",
        (403,),
        own_page=True,
    ),
    Route(
        "POST",
        "/imitatoes/connections",
        connections.keep_connection,
        "Add a connection, or change the one of that name.",
        (*POSTED, 403, 507),
        own_page=True,
    ),
    Route(
        "POST",
        "/imitatoes/connections/test",
        connections.test_connection,
        "Ask the server of a connection for its models.",
        (*POSTED, 403),
        own_page=True,
    ),
    Route(
        "POST",
        "/imitatoes/connections/remove",
        connections.drop_connection,
        "Remove a connection.",
        (*POSTED, 403, 507),
        own_page=True,
    ),
    Route(
        "POST",
        "/imitatoes/judge",
        judging.judge_picture,
        "Judge a picture of the output or input folder by a goal, without a loop.",
        (*POSTED, 409),
    ),
    Route(
        "POST",
        "/imitatoes/judge/batch",
        judging.rank_folder,
        "Rank a folder of pictures by a goal, the best first.",
        (*POSTED, 409, 507),
        status=202,
    ),
    Route("GET", "/imitatoes/judge/batch", judging.show_ranking, "How far that is, and the ranking so far.", (400,)),
    Route(
        "GET",
        "/imitatoes/judge/batch/sheet",
        judging.show_ranking_sheet,
        "Its contact sheet, the best first.",
        (400,),
        media=(JPEG,),
    ),
    Route("GET", "/imitatoes/judge/batch/list", judging.list_rankings, "The last rankings, the newest first."),
    Route(
        "GET",
        "/imitatoes/judge/batch/folders",
        judging.list_folders,
        "The folders with pictures that can be ranked.",
    ),
    Route("POST", "/imitatoes/judge/batch/stop", judging.stop_ranking, "Stop it; what was judged stays.", POSTED),
    Route(
        "POST",
        "/imitatoes/judge/batch/resume",
        judging.resume_ranking,
        "Go on with what is left of it.",
        (*POSTED, 409),
    ),
)
