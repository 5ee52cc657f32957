"""A toy operation, as it would stand in ``engine/operations/``: pictures by turns, sent to YouTube."""

from __future__ import annotations

from django_mediacloud.core.capabilities import OperationInfo
from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.core.parameters import Parameters
from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.ffmpeg import GUARD, file_url, run_ffmpeg
from django_mediacloud.engine.geometry import Size
from django_mediacloud.engine.gif import NO_LOOP, open_gif
from django_mediacloud.engine.operation import Context, Operation, Outcome
from django_mediacloud.engine.parameters import required_size, sources
from django_mediacloud.engine.pictures import load_each
from django_mediacloud.engine.stills import check_output_size, new_sheet, paste_section

_DESTINATION = DESTINATIONS["youtube"]


def _run(context: Context) -> Outcome:
    size = Size(context.parameters["width"], context.parameters["height"])
    check_output_size(size, context.limits)
    count = len(context.inputs["urls"])
    slides, film = context.workdir / "slides.gif", context.workdir / "output.mp4"
    with open_gif(slides, size, delay_cs=100, loop=NO_LOOP, is_clear=False) as add:
        for number, picture in enumerate(load_each(context, "urls", size)):
            sheet = new_sheet(size, "RGB")
            paste_section(sheet, picture, (0, 0), size, crop=True)
            add(sheet)
            context.report(50 * (number + 1) / count)
    # YouTube takes films only, and H.264 even sizes.
    filters = "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p"
    arguments = [*GUARD, "-i", file_url(slides), "-vf", filters, "-c:v", "libx264", file_url(film)]
    run_ffmpeg(arguments, limits=context.limits, cwd=context.workdir)
    file = ProducedFile(name=film.name, content_type="video/mp4", path=film)
    return Outcome(values={"count": count}, files=(file,))


OPERATION = Operation(
    info=OperationInfo(
        name="image.slides",
        summary="Show pictures by turns, on YouTube.",
        # The destination's own: its tokens are declared as secret there.
        parameters=Parameters(
            (sources("urls", "The pictures."), *required_size(" of the film."), *_DESTINATION.parameters),
            together=_DESTINATION.parameters.together,
        ),
        results={"count": "Pictures shown."},
        files={"output": "The film, at YouTube."},
        delivery=_DESTINATION.name,
    ),
    run=_run,
)
