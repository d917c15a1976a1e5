;;; emacs.el --- Tests of rollout-mode  -*- lexical-binding: t; -*-

;; emacs -Q --batch -L ../emacs -l emacs.el -f ert-run-tests-batch-and-exit

(require 'compile)
(require 'ert)
(require 'imenu)
(require 'rollout-mode)

(defconst rollout-test--here (file-name-directory (or load-file-name buffer-file-name)))

(defun rollout-test--file (name)
  (expand-file-name name (expand-file-name "../.." rollout-test--here)))

(defmacro rollout-test--with (name &rest body)
  "Runs BODY in a buffer that visits the file NAME of the repository."
  (declare (indent 1))
  `(let ((buffer (find-file-noselect (rollout-test--file ,name))))
     (unwind-protect (with-current-buffer buffer ,@body)
       (with-current-buffer buffer (set-buffer-modified-p nil))
       (kill-buffer buffer))))

(defun rollout-test--face (line text)
  "The face of TEXT in a LINE, as a list."
  (goto-char (point-min))
  (forward-line (1- line))
  (search-forward text (line-end-position))
  (let ((face (get-text-property (match-beginning 0) 'face)))
    (if (listp face) face (list face))))

(ert-deftest rollout-mode-shows-plans ()
  (rollout-test--with "editor-support/vscode/test/page.rollout"
    (should (eq major-mode 'rollout-mode))
    (font-lock-ensure)
    (dolist (case '((1 "What" font-lock-comment-face) (2 "use" font-lock-keyword-face) (2 "a comment" font-lock-comment-face)
                    (5 "param" font-lock-keyword-face) (5 "version" font-lock-variable-name-face)
                    (5 "string" font-lock-type-face) (5 "^v" font-lock-string-face)
                    (9 "p95" font-lock-function-name-face) (10 "rate(x" font-lock-string-face)
                    (11 "unit" font-lock-keyword-face) (11 "15s" font-lock-constant-face)
                    (13 "now" font-lock-string-face) (15 "timeout" font-lock-variable-name-face)
                    (18 "kubectl" font-lock-string-face) (19 "echo" font-lock-string-face)
                    (24 "22:00" font-lock-constant-face) (26 "250ms" font-lock-constant-face)
                    (26 "rollback" font-lock-warning-face) (28 "canary" font-lock-type-face)
                    (31 "else" font-lock-keyword-face)))
      (should (equal (list case (rollout-test--face (car case) (cadr case)))
                     (list case (list (nth 2 case))))))
    (should-not (memq 'font-lock-keyword-face (rollout-test--face 34 "every")))
    (should-not (memq 'font-lock-keyword-face (rollout-test--face 38 "retry")))
    (should (string-prefix-p "rolloutc check --format short page.rollout" compile-command))))

(ert-deftest rollout-mode-keeps-the-indentation-of-formatted-plans ()
  (dolist (file (directory-files-recursively (rollout-test--file "examples") "\\.rollout\\'"))
    (rollout-test--with file
      (let ((before (buffer-string)))
        (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
        (should (equal (list file (split-string (buffer-string) "\n")) (list file (split-string before "\n"))))))))

(ert-deftest rollout-mode-indents-what-lost-its-indentation ()
  (rollout-test--with "examples/fleet/fleet.rollout"
    (let ((before (buffer-string))
          (inhibit-message t))
      (goto-char (point-min))
      (while (not (eobp))
        (unless (nth 3 (syntax-ppss (line-beginning-position))) (delete-horizontal-space))
        (forward-line))
      (should-not (equal (buffer-string) before))
      (indent-region (point-min) (point-max))
      (should (equal (split-string (buffer-string) "\n") (split-string before "\n"))))))

(ert-deftest rollout-mode-has-an-index ()
  (rollout-test--with "editor-support/vscode/test/page.rollout"
    (let ((index (imenu--make-index-alist t)))
      (should (equal (mapcar #'car (cdr (assoc "Stages" index))) '("canary")))
      (should (equal (mapcar #'car (cdr (assoc "Actions" index))) '("set")))
      (should (equal (mapcar #'car (cdr (assoc "Scenarios" index))) '("slow"))))))

(ert-deftest rollout-mode-finds-what-the-compiler-says ()
  (with-temp-buffer
    (compilation-mode)
    (let ((inhibit-read-only t))
      (insert "page.rollout:5:17: error[E0119]: `=` where a comparison needs `==`\n"))
    (compilation--ensure-parse (point-max))
    (let ((message (get-text-property (point-min) 'compilation-message)))
      (should message)
      (should (equal (cadr (compilation--message->loc message)) 5)))))
