#pragma once
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>

// FFmpeg's constants that are macros with casts or function calls, which Swift cannot import.

/// Status of a coder that needs input, or has output to take first.
static const int FFMPEG_AGAIN = AVERROR(EAGAIN);

/// The file, or the coder, has nothing more to give.
static const int FFMPEG_END = AVERROR_EOF;

/// A packet or frame without a time.
static const int64_t FFMPEG_NO_TIME = AV_NOPTS_VALUE;
