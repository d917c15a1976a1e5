;;; emacs_session.el --- Eglot with the language server  -*- lexical-binding: t; -*-

;; An editing session of Eglot (Debian: elpa-eglot) with the language server of the environment's ROLLOUTC.  PLANS is a folder
;; with portal-api.rollout and objectives.rollout, which uses it.

(require 'ert)
(require 'package)
(require 'project)
(require 'rollout-mode)
(package-initialize)

(defvar rollout-test--eglot (require 'eglot nil t))

(defmacro rollout-test--await (&rest body)
  "Waits for 30 seconds at most until BODY gives something, which is the value."
  `(let ((deadline (time-add (current-time) 30)) got)
     (while (and (not (setq got (progn ,@body))) (time-less-p (current-time) deadline))
       (accept-process-output nil 0.05))
     got))

(defun rollout-test--go-to (text)
  "Leaves point in front of the first TEXT of the buffer."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun rollout-test--line ()
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun rollout-test--diagnostics ()
  "What Flymake shows of the text as it is: lines and messages.  nil before the server has said anything about it."
  (eglot--signal-textDocument/didChange)
  ;; Flymake begins by itself in a buffer that is displayed, and none is.
  (flymake-start)
  (mapcar (lambda (one)
            (cons (line-number-at-pos (flymake-diagnostic-beg one)) (car (split-string (flymake-diagnostic-text one) "\n"))))
          (flymake-diagnostics)))

(defun rollout-test--completions ()
  "What completion offers at point, in the order of the server."
  (let ((capf (eglot-completion-at-point)))
    (mapcar #'substring-no-properties
            (all-completions (buffer-substring-no-properties (nth 0 capf) (point)) (nth 2 capf) (plist-get (nthcdr 3 capf) :predicate)))))

(ert-deftest rollout-mode-has-a-language-server ()
  (skip-unless rollout-test--eglot)
  (let* ((plans (file-name-as-directory (getenv "PLANS")))
         (eglot-server-programs `((rollout-mode . (,(getenv "ROLLOUTC") "lsp"))))
         (eglot-sync-connect 30)
         (eglot-autoshutdown nil)
         (eglot-confirm-server-initiated-edits nil)
         (inhibit-message t)
         (other (find-file-noselect (concat plans "objectives.rollout")))
         (buffer (find-file-noselect (concat plans "portal-api.rollout")))
         server process)
    (with-current-buffer buffer
      (setq server (apply #'eglot (eglot--guess-contact)))
      (setq process (jsonrpc--process server))
      (with-current-buffer other (should (eglot-managed-p)))

      ;; An error is shown while it is there, and its fix mends it.
      (rollout-test--go-to "  traffic     via")
      (insert "  when errors_5xx > 5 for 2m then rollback\n")
      (forward-line -1)
      (should (equal (rollout-test--await (rollout-test--diagnostics))
                     `((,(line-number-at-pos)
                        . "rolloutc [E0302]: cannot compare a ratio with a number: write it with its unit, for example `5%`"))))
      (search-forward "5 for")
      (goto-char (match-beginning 0))
      (eglot-code-actions (point) (1+ (point)) "quickfix" t)
      (should (equal (rollout-test--line) "  when errors_5xx > 5% for 2m then rollback"))
      (should (rollout-test--await (null (rollout-test--diagnostics))))

      (rollout-test--go-to "  watch budget")
      (search-forward "watch ")
      (should (equal (rollout-test--completions) '("budget" "risks" "synthetic")))
      (rollout-test--go-to "kubernetes.set_image")
      (search-forward ".set_im")
      (should (equal (rollout-test--completions) '("set_image")))

      (rollout-test--go-to "errors_5xx > 1%")
      (let ((hover (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams))))
        (should (string-match-p "Measured by `prometheus.query` every 15s" (plist-get (plist-get hover :contents) :value))))
      (let* ((found (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))
             (location (xref-item-location (car found))))
        (should (= (length found) 1))
        (should (equal (file-name-nondirectory (xref-location-group location)) "portal-api.rollout"))
        (should (string-prefix-p "metric errors_5xx" (xref-item-summary (car found)))))

      (eglot-rename "server_errors")
      (should (looking-at-p "server_errors > 1%"))
      (with-current-buffer other
        (goto-char (point-min))
        (should (search-forward "when plan.server_errors > 2%" nil t)))

      (rollout-test--go-to "  stage canary {")
      (delete-char 2)
      (let ((wanted (with-temp-buffer
                      (insert-buffer-substring buffer)
                      (should (= 0 (call-process-region (point-min) (point-max) (getenv "ROLLOUTC") t t nil "fmt" "-")))
                      (buffer-string))))
        (should-not (equal (buffer-string) wanted))
        (eglot-format-buffer)
        (should (equal (substring-no-properties (buffer-string)) wanted)))

      ;; The guard that was typed above goes back, and not the one that the scenario expects.
      (rollout-test--go-to "server_errors = 8% from canary")
      (should (equal (rollout--scenario-at-point) "many errors stop the canary within minutes"))
      (rollout-run-scenario (rollout--scenario-at-point))
      (with-current-buffer "*rollout timeline*"
        (should (looking-at-p "FAILED\n  .*expect because"))
        (should (search-forward "server_errors > 5%, now 8%, lasted 2m → rollback" nil t)))

      ;; Eglot does not wait for the server to leave by itself, so that the exit status says nothing.
      (eglot-shutdown server)
      (should (rollout-test--await (not (process-live-p process)))))
    (dolist (one (list buffer other))
      (with-current-buffer one (set-buffer-modified-p nil))
      (kill-buffer one))))
