#include "host/files/files.h"

#include <errno.h>

const char *files_strerror(int err)
{
    switch (err) {
    case FILES_OK:
        return "Done.";
    case FILES_ERR_NOMEM:
        return "The PC is out of memory. Close something there and try again.";
    case FILES_ERR_PATH:
        return "That is not a valid path. Names may not be empty, \".\" or \"..\".";
    case FILES_ERR_DENIED:
        return "The PC's own account may not do that with this file or folder.";
    case FILES_ERR_NOT_FOUND:
        return "There is no such file or folder.";
    case FILES_ERR_EXISTS:
        return "Something of that name is there already. Choose another name or replace it.";
    case FILES_ERR_NO_SPACE:
        return "The disk of the PC is full. Make room there and send again; it goes on where it stopped.";
    case FILES_ERR_READ_ONLY:
        return "This folder is read-only.";
    case FILES_ERR_OUTSIDE:
        return "This leads out of the shared folder. Share the folder it points to.";
    case FILES_ERR_CHANGED:
        return "The file changed meanwhile. Start again.";
    case FILES_ERR_MISMATCH:
        return "The bytes that arrived are not those that were sent. Nothing was kept. Send again.";
    case FILES_ERR_KIND:
        return "That needs a file where a folder is, or the other way round.";
    case FILES_ERR_NOT_EMPTY:
        return "The folder is not empty.";
    case FILES_ERR_LIMIT:
        return "That is over a limit of this PC. Do it in smaller parts.";
    case FILES_ERR_BUSY:
        return "It is in use on the PC. Try again in a moment.";
    case FILES_ERR_IO:
        return "The disk of the PC reported an error.";
    case FILES_ERR_CANCELLED:
        return "Cancelled.";
    case FILES_ERR_UNSUPPORTED:
        return "The PC's kernel lacks openat2, so no files are shared. Linux 5.6 or newer is needed.";
    default:
        return "Unknown error.";
    }
}

int files_error_from_errno(int number)
{
    switch (number) {
    case ENOMEM:
        return FILES_ERR_NOMEM;
    case EACCES:
    case EPERM:
        return FILES_ERR_DENIED;
    case ENOENT:
        return FILES_ERR_NOT_FOUND;
    case EEXIST:
        return FILES_ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return FILES_ERR_NO_SPACE;
    case EFBIG:
        return FILES_ERR_NO_SPACE;
    case EROFS:
        return FILES_ERR_READ_ONLY;
    case EXDEV: /* RESOLVE_BENEATH stopped an escape */
    case ELOOP: /* RESOLVE_NO_MAGICLINKS, or a ring of links */
        return FILES_ERR_OUTSIDE;
    case ENOTDIR:
    case EISDIR:
        return FILES_ERR_KIND;
    case ENOTEMPTY:
        return FILES_ERR_NOT_EMPTY;
    case ENAMETOOLONG:
    case EINVAL:
    case EILSEQ: /* the file system takes only UTF-8 */
        return FILES_ERR_PATH;
    case EMFILE:
    case ENFILE:
        return FILES_ERR_LIMIT;
    case EBUSY:
    case ETXTBSY:
        return FILES_ERR_BUSY;
    case ENOSYS:
        return FILES_ERR_UNSUPPORTED;
    default:
        return FILES_ERR_IO;
    }
}
